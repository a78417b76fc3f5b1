"""Data sets: files, cards, checks."""
