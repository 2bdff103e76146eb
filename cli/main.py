"""The entry point. `--version` answers before anything heavy is imported; errors become words and exit codes here."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    try:
        if sys.argv[1:] in (["--version"], ["-V"]):
            from ..providers.version import VERSION

            sys.stdout.write(f"thinkdial {VERSION}\n")
            sys.stdout.flush()
            return
        from .app import run

        run()
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        from .output import forget

        forget(sys.stdout)
        sys.exit(141)
