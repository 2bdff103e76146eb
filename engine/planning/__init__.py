"""With what it is called: a think value and a model card -> native fields and the request. Pure."""
