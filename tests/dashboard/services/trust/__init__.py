"""Services of Trust."""
