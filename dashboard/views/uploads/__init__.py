"""A visitor's own data."""
