"""Measures over tables and arrays."""
