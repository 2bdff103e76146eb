"""The command that is named for an optional part is one that works where it is read."""

from __future__ import annotations

import importlib.metadata
import json
from pathlib import Path
from typing import Any

import pytest

from thinkdial.engine.targets.extras import how_to_add


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Call it with what `direct_url.json` of the installation holds."""

    def as_told(told: object) -> None:
        class Stand:
            def read_text(self, _: str) -> str | None:
                return told if told is None or isinstance(told, str) else json.dumps(told)

        monkeypatch.setattr(importlib.metadata, "distribution", lambda _: Stand())

    return as_told


def clone(path: Path, *, editable: bool) -> dict[str, object]:
    return {"url": path.as_uri(), "dir_info": {"editable": True} if editable else {}}


@pytest.mark.parametrize("told", [None, "", "{", "[]", {"url": "https://example.com/a.whl", "archive_info": {}}])
def test_a_release_is_named(installed: Any, told: object, tmp_path: Path) -> None:
    installed(told)
    assert how_to_add("aws", tmp_path) == "pip install 'thinkdial[aws]'"


def test_a_clone_is_named_as_it_was_installed(installed: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(clone(tmp_path / "it's here", editable=True))
    assert how_to_add("aws", tmp_path).startswith("pip install -e '") and "here[aws]" in how_to_add("aws", tmp_path)
    monkeypatch.chdir(tmp_path)
    installed(clone(tmp_path, editable=True))
    assert how_to_add("aws", tmp_path) == "pip install -e '.[aws]'"
    installed(clone(tmp_path, editable=False))
    assert how_to_add("aws", tmp_path) == "pip install '.[aws]'"


def test_the_tool_that_made_the_environment_is_used(installed: Any, tmp_path: Path) -> None:
    installed(None)
    (tmp_path / "pipx_metadata.json").touch()
    assert how_to_add("keyring", tmp_path) == "pipx install --force 'thinkdial[keyring]'"
    (tmp_path / "uv-receipt.toml").touch()
    assert how_to_add("keyring", tmp_path) == "uv tool install --force 'thinkdial[keyring]'"
