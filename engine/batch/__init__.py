"""Rows x profiles x think values: read, sent at the pace that providers allow, written as they come, resumable."""
