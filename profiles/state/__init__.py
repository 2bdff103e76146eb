"""What each route does with the state of earlier turns: rules, as data with their sources."""
