"""Tools that a model may call: their declarations, how they are asked for, and calls held against them. Pure."""
