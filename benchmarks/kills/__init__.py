"""Is anything half-written when a process is killed? ``make bench-kills``; see `__main__`."""
