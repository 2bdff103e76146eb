"""Bytes of a response body -> events, one module a way of cutting them."""
