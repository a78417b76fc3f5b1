"""The results in README.md and docs/, written from records. ``make results``."""
