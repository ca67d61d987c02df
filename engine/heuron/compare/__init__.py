"""Rules and models side by side: who is right, and where they differ."""
