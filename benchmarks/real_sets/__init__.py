"""Data sets of other people, from the files as they are distributed to a finding."""
