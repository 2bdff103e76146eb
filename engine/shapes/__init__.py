"""Answers of one shape: schemas as routes take them, and answers held against the schema that was meant. Pure."""
