"""Model cards: read from YAML, found for an id by its parts, corrected by the user."""
