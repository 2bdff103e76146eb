"""The providers' own batch APIs, one module a wire. Pure: requests out, states and rows in."""
