"""What a visitor looks at, as values, and their form in the URL."""
