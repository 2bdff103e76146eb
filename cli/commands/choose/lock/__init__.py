"""Commands that write down what chosen profiles are, and tell when they are no longer that."""
