"""Studies, their records and statistics."""
