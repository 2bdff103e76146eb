"""The user's own editor, for a prompt or a configuration. It gets no key of ours in its environment."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ...profiles.config import Config
from ...profiles.disk import save_private
from ...profiles.yaml_file import read_text
from ...providers.errors import ThinkdialError, UsageError
from ..output import is_terminal

USUAL = ("sensible-editor", "nano", "vi", "notepad")


def edited(text: str, name: str, config: Config | None) -> str:
    """What somebody makes of `text` in an editor, in a file called `name` that is theirs alone and removed after.

    Raises `UsageError` where there is no editor, or where it fails: then nothing was changed.
    """
    from ...engine.targets.bare_environment import key_variables, without_keys

    if not is_terminal(sys.stdin):
        raise UsageError("an editor needs a terminal", hint="run it where you can type")
    command = _editor(os.environ)
    variables = key_variables(config) if config is not None else frozenset[str]()
    with tempfile.TemporaryDirectory(prefix="thinkdial-") as directory:  # for its owner alone
        path = Path(directory) / name
        save_private(path, text)
        try:
            ended = subprocess.run([*command, str(path)], env=without_keys(os.environ, variables), check=False)  # noqa: S603
        except OSError as error:
            raise UsageError(f"{command[0]} cannot be started: {error.strerror}", hint="export EDITOR=nano") from None
        if ended.returncode != 0:
            raise UsageError(f"{command[0]} ended with exit code {ended.returncode}", hint="nothing was changed")
        try:
            return read_text(path)
        except ThinkdialError as error:
            raise UsageError(f"what {command[0]} has left cannot be read: {error.message}") from None


def _editor(environment: Mapping[str, str]) -> list[str]:
    for name in ("THINKDIAL_EDITOR", "VISUAL", "EDITOR"):
        if value := environment.get(name, "").strip():
            try:
                words = shlex.split(value, posix=os.name != "nt")
            except ValueError:
                words = [value]
            return words
    found = next((name for name in USUAL if shutil.which(name)), None)
    if found is None:
        raise UsageError("there is no editor", hint="export EDITOR=nano, or whichever you like")
    return [found]
