"""Catalogues of hosts that serve other vendors' models."""
