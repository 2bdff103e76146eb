"""A configuration directory of the test's own, and a way to write the layers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from thinkdial.profiles.config import Config, load, user_file


class Files:
    """The user's file, a project with its file, and a file for --config. Nothing of it is near the real home."""

    def __init__(self, directory: Path) -> None:
        self.user = user_file()
        self.project = directory / "project" / ".thinkdial.yaml"
        self.inside = directory / "project" / "src" / "deep"
        self.option = directory / "option.yaml"
        self.inside.mkdir(parents=True)
        self.user.parent.mkdir(parents=True)

    def load(self, *, user: str | None = None, project: str | None = None, option: str | None = None) -> Config:
        for path, text in ((self.user, user), (self.project, project), (self.option, option)):
            if text is not None:
                path.write_text(text, encoding="utf-8")
        return load(self.option if option is not None else None, start=self.inside)


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    found = Files(tmp_path)
    assert tmp_path in found.user.parents
    return found


@pytest.fixture
def written(files: Files) -> Callable[[str], Config]:
    """The configuration that results from this text as the user's file."""
    return lambda text: files.load(user=text)
