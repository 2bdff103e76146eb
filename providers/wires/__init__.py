"""The pieces of each wire: how they are gathered from a response and written into a request; a pure module a wire."""
