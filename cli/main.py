"""The entry point. `--version` answers before anything heavy is imported; errors become words and exit codes here."""

from __future__ import annotations

import sys

from .closed_pipe import ClosedPipeError


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
        from .exit_codes import ExitCode

        sys.exit(ExitCode.INTERRUPTED)
    except (BrokenPipeError, ClosedPipeError):
        from .exit_codes import ExitCode
        from .output import forget

        forget(sys.stdout)
        sys.exit(ExitCode.BROKEN_PIPE)
