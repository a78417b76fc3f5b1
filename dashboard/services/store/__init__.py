"""What there is to look at: checkpoints, data sets, a visitor's own."""
