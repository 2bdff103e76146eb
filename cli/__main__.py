"""`python -m thinkdial.cli`."""

from .main import main

main()
