"""A trial for people: its table, its display while it runs, and the words for what is shown."""
