"""What is raised when nobody reads standard output any more; alone here, because the entry point imports little."""


class ClosedPipeError(Exception):
    """Nobody reads what is printed. No `OSError`: the libraries between would take it for one of theirs."""
