"""The user's own tools, run for a model: programs and MCP servers, without keys, within bounds."""
