"""Statistics: intervals, rank tests and their corrections, as pure arithmetic over plain numbers."""
