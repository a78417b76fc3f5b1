"""Small live trainings for people who watch."""
