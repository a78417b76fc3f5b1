"""Data sets from the files of strangers."""
