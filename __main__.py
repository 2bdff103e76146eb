"""`python -m thinkdial`."""

from .cli.main import main

main()
