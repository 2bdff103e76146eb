"""Tools that providers run themselves, by one name each: what is sent for them, and what they exclude."""
