"""Storage behind the pages."""
