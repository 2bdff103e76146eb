"""Of thousands of profiles that were read before, only those that are asked for are read again."""

from __future__ import annotations

from pathlib import Path

import pytest

from thinkdial.profiles import config as layers
from thinkdial.profiles.own_profiles.reader import read_profile
from thinkdial.profiles.profile import MANY
from thinkdial.providers.errors import ConfigError


def written(count: int, more: str = "") -> str:
    each = "".join(
        f"  p{at}: {{provider: openai, model: m-{at}, price: {{input: 1, output: {at}}}}}\n" for at in range(count)
    )
    return f"profiles:\n{each}{more}"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the profiles that have been read, those that ship left out."""
    names: list[str] = []

    def noted(name: str, *args: object, **more: object) -> object:
        if name.startswith("p"):
            names.append(name)
        return read_profile(name, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(layers, "read_profile", noted)
    return names


def test_only_what_is_asked_for_is_read_again(tmp_path: Path, read: list[str]) -> None:
    file = tmp_path / "many.yaml"
    file.write_text(written(MANY, "groups:\n  both: [p1, p2@high]\nbudget: {profiles: {p3: {daily_usd: 1}}}\n"))
    first = layers.load(file)
    assert len(read) == MANY
    read.clear()
    second = layers.load(file)
    assert list(second.profiles) == list(first.profiles)
    assert len(second.profiles) == len(first.profiles)
    assert read == []
    assert second.profiles["p7"] == second.profiles["p7"] == first.profiles["p7"]
    assert read == ["p7"]
    assert dict(second.profiles) == dict(first.profiles)
    assert len(read) == MANY


def test_another_text_is_read_wholly(tmp_path: Path, read: list[str]) -> None:
    """Mistakes are told whichever profile is asked for, and told again."""
    file = tmp_path / "many.yaml"
    file.write_text(written(MANY))
    layers.load(file)
    file.write_text(written(MANY, "  p-wrong: {provider: openai, model: m, retries: -1}\n"))
    for _ in range(2):
        with pytest.raises(ConfigError, match=f"many.yaml:{MANY + 2}:"):
            layers.load(file)
    file.write_text(written(MANY - 1))
    read.clear()
    for _ in range(2):
        layers.load(file)
    assert len(read) == 2 * (MANY - 1)  # few are read at once


def test_layers_lie_over_what_waits(tmp_path: Path, read: list[str]) -> None:
    layers.user_file().parent.mkdir(parents=True, exist_ok=True)
    layers.user_file().write_text(written(MANY))
    over = tmp_path / "over.yaml"
    over.write_text("profiles:\n  p1: {think: high}\n  p2: {provider: anthropic, model: claude}\n")
    for _ in range(2):
        read.clear()
        found = layers.load(over)
        first, second = found.profiles["p1"], found.profiles["p2"]
        assert (first.model, str(first.think), first.place) == ("m-1", "high", f"{over}:2")
        assert (second.provider, second.price) == ("anthropic", None)
    assert read == ["p1", "p1", "p2", "p2"]
