"""Figures: tables in, `go.Figure` out. They see numpy, pandas and plotly only."""
