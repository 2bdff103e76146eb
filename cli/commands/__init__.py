"""One room a kind of command; each command parses its options, calls the engine and shows what came."""
