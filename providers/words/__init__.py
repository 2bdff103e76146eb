"""Events that add words to a text and nothing else, as nearly all of a stream do: one typed step for each."""
