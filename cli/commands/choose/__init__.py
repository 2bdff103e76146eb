"""Commands that help to choose a model: which passes, at what dose, and what has changed."""
