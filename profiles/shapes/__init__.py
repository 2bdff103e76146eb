"""How routes are asked for answers of one shape: the facts, and what is asked."""
