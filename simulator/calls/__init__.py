"""One call between the server and a vendor: the request, its faults, and the pieces of the reply."""
