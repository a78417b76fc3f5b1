"""Generated data sets whose distribution is known."""
