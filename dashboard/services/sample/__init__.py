"""What is known of one sample."""
