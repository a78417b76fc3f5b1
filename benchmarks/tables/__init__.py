"""The generated parts of README.md and docs/. ``make results``."""
