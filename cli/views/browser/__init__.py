"""The browser of stored results in the terminal: pure tables, and the Textual app that shows them."""
