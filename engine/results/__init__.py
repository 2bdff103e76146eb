"""What a call was: the normalized result, its receipt and its JSON document."""
