"""The entry point. `--version` answers before anything heavy is imported; errors become words and exit codes here."""

from __future__ import annotations

import atexit
import gc
import os
import sys

from .closed_pipe import ClosedPipeError

CIRCLES_SOUGHT_AFTER = 100_000
"""New objects that refer to others. Python looks after 700: thirty times while modules are imported, which all stay."""


def main() -> None:
    """Run the command line and exit with its code."""
    gc.set_threshold(CIRCLES_SOUGHT_AFTER)
    atexit.register(gc.freeze)  # what is left goes with the process: nobody has to look through it
    sys.unraisablehook = _heard_again
    try:
        if sys.argv[1:] in (["--version"], ["-V"], ["version"]) and _told_version():
            return
        if sys.argv[1:2] == ["--complete"]:
            from .completion.entry import complete

            complete(sys.argv[2:])
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


def _told_version() -> bool:
    """Say it without any import; False where nobody can be told so: then the command says why."""
    from ..providers.version import VERSION

    try:
        # Past the buffer, which would keep what could not be written, and fail on it once more.
        os.write(sys.stdout.fileno(), f"thinkdial {VERSION}\n".encode())
    except (AttributeError, OSError):
        return False
    return True


def _heard_again(unraisable: sys.UnraisableHookArgs) -> None:
    """Interrupt once more where a Ctrl-C was lost: Python drops what is raised while it tidies up an object.

    A coroutine that is dropped was broken off by one, and has no more to say.
    """
    if hasattr(unraisable.object, "cr_frame"):
        return
    if not issubclass(unraisable.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(unraisable)
        return
    from _thread import interrupt_main
    from threading import Timer

    again = Timer(0.05, interrupt_main)
    again.daemon = True
    again.start()
