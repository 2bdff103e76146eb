"""What all vendors' batches and files stand on: rows that are executed once, kept in a database."""
