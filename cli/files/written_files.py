"""Which files are ours: by how they begin, else by what was written to them last."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ...profiles.disk import data_place, read_bounded, real_path, save_private
from ...providers.errors import ConfigError
from ...providers.json_values import obj, parse_json

LEDGER = "written.json"
MOST_REMEMBERED = 1000
"""Files of which it is remembered what was written to them last."""

_HEAD_BYTES = 4096
_MARK = re.compile(
    rb'"schema":\s?"thinkdial\.|<meta name="generator" content="thinkdial">|^run_id,profile,provider,model,'
    rb"|^# (?:Run|Batch of|Trial of|Lock:) "
)
"""How our JSON, pages, tables and Markdown begin. What has no such mark is known by what was written last."""


def is_ours(path: Path) -> bool:
    """Whether the regular file `path` is as thinkdial has written it. Raises `OSError`."""
    return _says_so(path) or _remembered().get(_name_of(path)) == _digest_of(path)


def _says_so(path: Path) -> bool:
    with path.open("rb") as file:
        return _MARK.search(file.read(_HEAD_BYTES)) is not None


def remember_written(path: Path) -> None:
    """Remember what was written to `path`, so that it may be replaced. Where that fails, --force is asked for."""
    with suppress(OSError, ConfigError):
        if _says_so(path):
            return
        known = _remembered()
        known.pop(name := _name_of(path), None)
        known[name] = _digest_of(path)
        kept: Sequence[tuple[str, str]] = list(known.items())[-MOST_REMEMBERED:]
        save_private(_ledger(), json.dumps(dict(kept), indent=1) + "\n")


def _ledger() -> Path:
    return data_place() / LEDGER


def _remembered() -> dict[str, str]:
    try:
        found = obj(parse_json(read_bounded(_ledger())))
    except (OSError, ValueError):
        return {}
    return {key: str(value) for key, value in found.items()}


def _name_of(path: Path) -> str:
    """A name for a file that tells nobody where it lies."""
    return hashlib.sha256(str(real_path(path)).encode("utf-8", "surrogateescape")).hexdigest()


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
