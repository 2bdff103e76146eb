"""Batches that the providers run themselves: submitted, waited for and collected by processes that may die."""
