"""Sessions in the history: trees of turns, who writes on which, and the way from the first turn to a tip."""
