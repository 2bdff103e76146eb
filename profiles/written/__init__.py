"""Configuration that is written: text with a value changed, and the file that it goes into."""
