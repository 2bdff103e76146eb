"""A sign at the end of a long command: the terminal's bell, and a notice on the desktop where there is one."""

from __future__ import annotations

import sys

LONG_S = 10.0
"""Seconds after which somebody may have turned to something else."""


def notify(command: str, code: int, took_s: float) -> None:
    """Ring, and say on the desktop how `command` ended. Nothing is said of what was asked or answered."""
    import os
    import shutil
    import subprocess
    from contextlib import suppress

    from ...engine.targets.bare_environment import without_keys
    from ..output import aside, is_terminal

    if is_terminal(sys.stderr):
        aside("\a")
    words = f"{command} {'is done' if code == 0 else f'ended with exit code {code}'} after {took_s:.0f} s"
    asked = _program(words)
    if asked is None or shutil.which(asked[0]) is None:
        return
    with suppress(OSError, subprocess.SubprocessError):
        subprocess.run(  # noqa: S603
            asked, env=without_keys(os.environ, ()), timeout=5, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip


def _program(words: str) -> list[str] | None:
    """What shows a notice here; None where nothing is known that does."""
    import os

    if sys.platform == "darwin":
        return ["osascript", "-e", f'display notification "{words}" with title "thinkdial"']
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return ["notify-send", "--app-name=thinkdial", "thinkdial", words]
    return None
