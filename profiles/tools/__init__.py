"""Tools that a model may use: how routes are told of functions, what their providers run, and the user's own."""
