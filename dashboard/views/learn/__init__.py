"""The pages to learn with."""
