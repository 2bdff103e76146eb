"""How routes are told of tools: the facts."""
