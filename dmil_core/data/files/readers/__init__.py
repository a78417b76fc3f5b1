"""A module for each format: bytes or members in, a table out."""
