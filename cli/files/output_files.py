"""Files that results are written to: which form each has, and which of those that are there may be replaced."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from ...engine.results.forms import form_of
from ...profiles.disk import is_device, real_path
from ...providers.errors import ConfigError, UsageError, did_you_mean
from ..output import check_writable
from .written_files import is_ours

F = TypeVar("F", bound=str)

_SUFFIXES = {"text": ".txt", "table": ".txt", "thinkdial": ".json"}


def check_replaceable(path: Path, *, force: bool = False) -> None:
    """Raise `UsageError` before anything is paid for, where `path` is somebody else's file, or changed since."""
    check_writable(path)
    path = real_path(path)
    try:
        if force or not path.is_file() or path.stat().st_size == 0 or is_ours(path):
            return
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    raise UsageError(
        f"{path} is there already, and is not as thinkdial has written it",
        hint="take another name, or replace it with --force",
    )


def checked_form(outputs: Sequence[Path], forms: Iterable[F], *, force: bool, said: bool) -> F | None:
    """The form that the first of the files has that has one; None where none has, or another is `said`.

    Raises `UsageError` for a file that is named twice, that may not be replaced, or whose suffix says no form.
    """
    if len({real_path(path) for path in outputs}) < len(outputs):
        raise UsageError("-o names the same file twice")
    for path in outputs:
        check_replaceable(path, force=force)
    if said:
        return None
    found = [check_suffix(path, forms) for path in outputs]
    return next((form for form in found if form is not None), None)


def check_suffix(path: Path, forms: Iterable[F]) -> F | None:
    """The form that the end of the name says; None where it says nothing. Raises `UsageError` for an unknown one."""
    among = list(forms)
    found = form_of(path, among)
    if found is None and path.suffix and not is_device(path):
        suffixes = list(dict.fromkeys(_SUFFIXES.get(form, f".{form}") for form in among))
        raise UsageError(
            f"-o {path}: {path.suffix} says no format that there is{did_you_mean(path.suffix.lower(), suffixes)}",
            hint=f"use {', '.join(suffixes)}; or say --format",
        )
    return found
