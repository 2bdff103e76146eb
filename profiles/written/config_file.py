"""The file that a configuration is written to: checked as a whole first, then put in its place at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

from msgspec import Struct

from ...providers.errors import UsageError, did_you_mean
from ..config import (
    DEFAULT_KEYS,
    PROJECT_FILE,
    TOP_KEYS,
    TRUST_FILE,
    Config,
    load,
    project_file,
    user_directory,
    user_file,
)
from ..disk import real_path, save_private
from ..trust import is_trusted, trust
from ..yaml_file import read_text, read_yaml
from .config_text import KeyPath, as_block, leaves, path_words, with_value, without_value


class Setting(Struct, frozen=True):
    """One value of one layer."""

    path: KeyPath
    value: Any
    layer: str
    file: Path


def target_file(*, in_project: bool) -> Path:
    """The user's own file, or the project's: the nearest one, else one in this directory."""
    if not in_project:
        return user_file()
    return project_file(Path.cwd()) or Path.cwd() / PROJECT_FILE


def settings(config: Config) -> Iterator[Setting]:
    """Every value that a file says, lowest layer first."""
    for layer in config.layers:
        if layer.path is not None:
            for path, value in leaves(read_yaml(read_text(layer.path), str(layer.path))):
                yield Setting(path, value, layer.name, layer.path)


def setting(path: KeyPath, config: Config) -> Any:
    """What the highest layer says at `path`; a mapping is put together from all. Raises `UsageError` for nothing."""
    found: Any = None
    known = list[KeyPath]()
    for one in settings(config):
        known.append(one.path)
        if one.path == path:
            found = one.value
        elif one.path[: len(path)] == path:
            found = found if isinstance(cast("object", found), dict) else {}
            place: dict[str, Any] = found
            for key in one.path[len(path) : -1]:
                place = place.setdefault(key, {})
            place[one.path[-1]] = one.value
    if found is None:
        usual = {f"defaults.{key}" for key in DEFAULT_KEYS}
        names = usual | {path_words(one[:depth]) for one in known for depth in range(1, len(one) + 1)} | {*TOP_KEYS}
        near = did_you_mean(path_words(path), names - {path_words(path)})
        raise UsageError(f"{path_words(path)} is not set{near}", hint="what is set: thinkdial config list")
    return found


def set_value(path: KeyPath, value: Any, file: Path) -> None:
    """Write `value`. Raises `ConfigError`, and leaves the file as it is, where it would not be a configuration."""
    rewrite(file, lambda text: with_value(text, path, value))


def unset_value(path: KeyPath, file: Path) -> None:
    """Take a value away. Raises `UsageError` where the file has none."""
    try:
        rewrite(file, lambda text: without_value(text, path))
    except KeyError:
        text = read_text(file) if file.is_file() else ""
        known = [path_words(one) for one, _ in leaves(read_yaml(text, str(file)))]
        near = did_you_mean(path_words(path), known)
        raise UsageError(f"{path_words(path)} is not set in {file}{near}") from None


def rewrite(file: Path, change: Callable[[str], str]) -> None:
    """Put what `change` makes of the file's text in its place, when it is a valid configuration."""
    before = read_text(file) if file.is_file() else ""
    after = change(before)
    check_text(after, file)
    save_text(after, file)


def check_text(text: str, file: Path) -> None:
    """Raise `ConfigError`, with the place, where `text` could not stand in `file`."""
    drafts = {file: text}
    is_layer = file == user_file() or (file == project_file(Path.cwd()) and not _is_vouched_for(file))
    load(None if is_layer else file, drafts=drafts)


def save_text(after: str, file: Path) -> None:
    """Write it, for its owner alone. A project's file that was trusted stays so: the change is the user's own."""
    vouched = _is_vouched_for(file)
    save_private(real_path(file), after)
    if vouched:
        trust(user_directory() / TRUST_FILE, file, after)


def _is_vouched_for(file: Path) -> bool:
    """Whether a project's file is trusted as it is, or not there yet."""
    if file.name != PROJECT_FILE:
        return False
    return not file.exists() or is_trusted(user_directory() / TRUST_FILE, file, read_text(file))


def value_text(value: Any) -> str:
    """A value as it is printed: text as it is, anything else as YAML."""
    return value if isinstance(value, str) else as_block(value).rstrip("\n")
