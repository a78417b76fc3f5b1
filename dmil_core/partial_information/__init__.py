"""Exact partial information decomposition of p(x1, x2, y)."""
