"""Which project files a user has vouched for: by their content, so that an edit takes the trust away."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any, cast

from ..providers.errors import ConfigError


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
    try:
        store.parent.mkdir(parents=True, exist_ok=True)
        write_private(store, json.dumps(remembered, indent=1) + "\n")
    except OSError as error:
        raise ConfigError(f"{store}: cannot be written: {error.strerror}") from None


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _read(store: Path) -> dict[str, Any]:
    try:
        found = json.loads(store.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}
