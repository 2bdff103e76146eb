"""Tools of the user's own that a model may have run: programs, and servers that speak MCP."""
