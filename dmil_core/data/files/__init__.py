"""Other people's files: readers, columns and their roles, issues with repairs, assembled sets."""
