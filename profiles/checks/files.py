"""Files that data may name: those below the folder that the data lies in, and no others."""

from __future__ import annotations

from pathlib import Path


class OutsideError(ValueError):
    """A file that is none of those that may be named, in words."""


def file_below(folder: Path, name: str) -> Path:
    """The file `name`, which has to lie below `folder` also when links are followed. Raises `OutsideError`."""
    try:
        root = folder.resolve()
        path = (root / name).resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise OutsideError(f"{name[:300]!r} is no name of a file: {error}") from None
    if not path.is_relative_to(root):
        raise OutsideError(f"{name[:300]!r} does not lie below {folder}")
    return path
