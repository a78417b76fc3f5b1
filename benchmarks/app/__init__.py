"""How fast is the app, as a visitor waits for it? ``python -m benchmarks.app``; see `__main__`."""
