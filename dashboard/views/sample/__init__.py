"""Pages and parts about one sample."""
