"""What several processes share: rates of calls, and money, kept by one server that all of them ask."""
