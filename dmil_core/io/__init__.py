"""Files: written whole or not at all, tables, and where things lie."""
