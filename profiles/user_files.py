"""Files that are written for the user: a first configuration, and the trust in a project's file."""

from __future__ import annotations

from pathlib import Path

from ..providers.errors import UsageError
from .config import OF_OTHERS, PROJECT_FILE, TRUST_FILE, project_file, read_text, user_directory, user_file
from .disk import is_own, save_private
from .facts import packaged_text
from .trust import trust


def write_first(*, in_project: bool, replace: bool) -> Path:
    """Write a first configuration with examples: the user's own, or the project's in this directory.

    Raises `UsageError` when there is one already that is not to be replaced.
    """
    path = Path(PROJECT_FILE) if in_project else user_file()
    if path.exists() and not replace:
        raise UsageError(f"{path} is already there", hint="edit it, or replace it with --force")
    save_private(path, packaged_text("data/example.yaml"))
    return path


def vouch_for(file: Path | None) -> Path:
    """Trust a project's file as it is now: `file`, or the nearest one.

    Raises `UsageError` when there is none, or it belongs to somebody else.
    """
    found = file or project_file(Path.cwd())
    if found is None:
        raise UsageError(f"there is no {PROJECT_FILE} here or above")
    if found.exists() and not is_own(found):
        raise UsageError(f"{found} belongs to somebody else and is never read by itself", hint=OF_OTHERS)
    trust(user_directory() / TRUST_FILE, found, read_text(found))
    return found
