"""What the pages to learn with compute."""
