"""The networks, and what they read."""
