"""Knowledge bases for users: finding, loading, caching, asking, testing."""
