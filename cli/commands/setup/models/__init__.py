"""`thinkdial models`: what is known about models, and `refresh`, which asks the providers."""
