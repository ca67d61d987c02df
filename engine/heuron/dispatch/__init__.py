"""Who answers a query: backends, policies, the dispatcher."""
