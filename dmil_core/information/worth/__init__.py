"""What an input is worth, given the others: in bits, in decisions, and for whom."""
