"""Documents to keep: reports and handouts in one HTML file."""
