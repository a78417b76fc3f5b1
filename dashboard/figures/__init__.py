"""Figures: tables in, `go.Figure` or SVG text out. They see numpy, pandas and plotly only."""
