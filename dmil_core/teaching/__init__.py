"""Small live trainings for teaching: three models on one gate mixture, step by step."""
