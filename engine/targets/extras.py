"""How an optional part of this program is added to the installation that is running."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

NAME = "thinkdial"


def how_to_add(extra: str, prefix: Path | None = None) -> str:
    """The command that adds `extra`: of uv or pipx where one of them made the environment, of a clone where it is one.

    `prefix` is the environment's folder, by default the one that is running.
    """
    import shlex

    prefix = prefix or Path(sys.prefix)
    source, is_editable = _source()
    wanted = shlex.quote(f"{source or NAME}[{extra}]")
    if (prefix / "uv-receipt.toml").exists():
        return f"uv tool install --force {'--editable ' if is_editable else ''}{wanted}"
    if (prefix / "pipx_metadata.json").exists():
        return f"pipx install --force {'--editable ' if is_editable else ''}{wanted}"
    return f"pip install {'-e ' if is_editable else ''}{wanted}"


def _source() -> tuple[str, bool]:
    """The folder that this was installed from, where it was one, and whether it is used as it lies there (PEP 610)."""
    import json
    from importlib.metadata import PackageNotFoundError, distribution
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    try:
        told: Any = json.loads(distribution(NAME).read_text("direct_url.json") or "{}")
        address, folder = urlsplit(str(told.get("url", ""))), told.get("dir_info")
    except (PackageNotFoundError, ValueError, OSError, AttributeError):
        return "", False
    if folder is None or address.scheme != "file":
        return "", False
    path = Path(url2pathname(address.path))
    shown = "." if path == Path.cwd() else str(path)
    return shown, bool(folder.get("editable"))
