"""The memory of every run: one SQLite database, written while answers arrive."""
