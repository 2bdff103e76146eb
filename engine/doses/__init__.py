"""How much a think value buys: curves from the user's own history, gaps filled, a level chosen for a dose."""
