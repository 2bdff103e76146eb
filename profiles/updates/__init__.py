"""A newer fact file: cards, prices and retirements that came after the release."""
