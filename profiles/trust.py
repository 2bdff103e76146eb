"""Which project files a user has vouched for: by their content, so that an edit takes the trust away."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, cast

from .disk import read_bounded, save_private


def _fingerprint(path: Path, text: str) -> tuple[str, str]:
    return str(path.resolve()), hashlib.sha256(text.encode()).hexdigest()


def is_trusted(store: Path, path: Path, text: str) -> bool:
    """Whether `path` with this very content is remembered in the file `store`."""
    name, digest = _fingerprint(path, text)
    return _read(store).get(name) == digest


def trust(store: Path, path: Path, text: str) -> None:
    """Remember `path` with this content. Raises `ConfigError` when the file cannot be written."""
    name, digest = _fingerprint(path, text)
    remembered = {**_read(store), name: digest}
    save_private(store, json.dumps(remembered, indent=1) + "\n")


def _read(store: Path) -> dict[str, Any]:
    try:
        found = json.loads(read_bounded(store))
    except (OSError, ValueError):
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}
