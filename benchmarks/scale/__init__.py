"""How cost grows with the number of rows. ``make bench-scale``."""
