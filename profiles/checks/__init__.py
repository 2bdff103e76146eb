"""What the configuration says of checks: their definitions, and the files that they name."""
