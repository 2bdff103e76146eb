"""Files that are written for the user: a first configuration, a profile more, and the trust in a project's file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import yaml

from ..providers.errors import ConfigError, UsageError
from .config import OF_OTHERS, PROJECT_FILE, TRUST_FILE, Config, project_file, read_text, user_directory, user_file
from .disk import is_own, real_path, save_private
from .facts import packaged_text
from .trust import trust
from .yaml_file import node_of, read_yaml

_STEP = 2
"""Blanks by which a file of ours is indented."""


def write_first(*, in_project: bool, replace: bool) -> Path:
    """Write a first configuration with examples: the user's own, or the project's in this directory.

    Raises `UsageError` when there is one already that is not to be replaced.
    """
    path = Path(PROJECT_FILE) if in_project else user_file()
    if path.exists() and not replace:
        raise UsageError(f"{path} is already there", hint="edit it, or replace it with --force")
    save_private(path, packaged_text("data/example.yaml"))
    return path


def vouch_for(file: Path | None) -> Path:
    """Trust a project's file as it is now: `file`, or the nearest one.

    Raises `UsageError` when there is none, or it belongs to somebody else.
    """
    found = file or project_file(Path.cwd())
    if found is None:
        raise UsageError(f"there is no {PROJECT_FILE} here or above")
    if found.exists() and not is_own(found):
        raise UsageError(f"{found} belongs to somebody else and is never read by itself", hint=OF_OTHERS)
    trust(user_directory() / TRUST_FILE, found, read_text(found))
    return found


def check_new_name(name: str, config: Config) -> None:
    """Raise `UsageError` where no profile can be added under `name`."""
    if not name or any(letter in "@,/" or letter.isspace() or not letter.isprintable() for letter in name):
        raise UsageError(f"{name!r}: a name must not be empty or hold '@', ',', '/' or white space")
    if name in config.profiles or name in config.groups:
        raise UsageError(f"{name!r} is a profile or a group already", hint="choose another name")


def save_copy(name: str, profile: str, think: str, config: Config) -> Path:
    """Add `name` to the user's file: what all layers say of `profile`, with `think`. Comments and the rest stay.

    Raises `ConfigError` where the file cannot be written, or is of a form that nothing can be added to.
    """
    path = user_file()
    before = read_text(path) if path.is_file() else ""
    addition = _as_yaml(name, _settings(profile, config), think)
    after = _added(before, addition)
    _check(after, before, name, path, addition)
    save_private(real_path(path), after)
    return path


def _settings(profile: str, config: Config) -> dict[str, Any]:
    """What the layers say of a profile, by its keys, as nodes of YAML; a later layer goes before an earlier one."""
    if profile not in config.profiles and "/" in profile:
        provider, _, model = profile.partition("/")
        return {"provider": _scalar(provider), "model": _scalar(model)}
    found: dict[str, Any] = {}
    for layer in config.layers:
        text = packaged_text("data/starter.yaml") if layer.path is None else read_text(layer.path)
        listed = _value(node_of(text), "profiles")
        own = _value(listed, profile)
        if isinstance(own, yaml.MappingNode):
            told = dict(_items(own))
            if "provider" in told and "provider" in found and told["provider"].value != found["provider"].value:
                found.clear()
            found |= told
    return found


def _as_yaml(name: str, settings: dict[str, Any], think: str) -> str:
    """The profile as the block that stands below `profiles:`, without indentation."""
    settings = {**settings, "think": _scalar(think)}
    pairs = [(_scalar(key), value) for key, value in settings.items()]
    inner = yaml.MappingNode("tag:yaml.org,2002:map", pairs, flow_style=False)
    outer = yaml.MappingNode("tag:yaml.org,2002:map", [(_scalar(name), inner)], flow_style=False)
    written: Any = vars(yaml)["serialize"](outer, Dumper=yaml.SafeDumper, allow_unicode=True, width=4096)
    return cast("str", written)


def _added(before: str, addition: str) -> str:
    """The text with the profile behind the last one of its list, indented as they are."""
    root = node_of(before)
    listed = _value(root, "profiles")
    if root is None or listed is None:
        begun = before if not before or before.endswith("\n") else f"{before}\n"
        return f"{begun}profiles:\n{_indented(addition, _STEP)}"
    if not isinstance(listed, yaml.MappingNode) or listed.flow_style or not _items(listed):
        return before
    lines = before.splitlines(keepends=True)
    column = listed.value[0][0].start_mark.column
    last = _last_line(listed)
    if not lines[last].endswith("\n"):
        lines[last] += "\n"
    return "".join([*lines[: last + 1], _indented(addition, column), *lines[last + 1 :]])


def _check(after: str, before: str, name: str, path: Path, addition: str) -> None:
    """Raise `ConfigError` unless the file now says the same as before, and the profile."""
    told = ConfigError(
        f"{path}: {name} cannot be added to it without changing what stands there",
        hint="add it yourself, below `profiles:`\n" + _indented(addition, _STEP).rstrip(),
    )
    try:
        old, new = _plain(before, path), _plain(after, path)
    except ConfigError:
        raise told from None
    listed: dict[str, Any] = new.get("profiles") or {}
    added = listed.pop(name, None)
    if not new.get("profiles") and "profiles" not in old:
        new.pop("profiles", None)
    if added is None or old != new:
        raise told


def _plain(text: str, path: Path) -> dict[str, Any]:
    section = read_yaml(text, str(path))
    return {key: section.plain(key) for key in section}


def _value(node: Any, key: str) -> Any:
    return dict(_items(node)).get(key) if isinstance(node, yaml.MappingNode) else None


def _items(node: Any) -> list[tuple[str, Any]]:
    pairs = cast("Iterable[tuple[Any, Any]]", node.value)
    return [(str(key.value), value) for key, value in pairs if isinstance(key, yaml.ScalarNode)]


def _last_line(node: Any) -> int:
    """The line, from 0, on which the last value in a node ends; comments after it are none of it."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        return _last_line(node.value[-1][1])
    if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
        return _last_line(node.value[-1])
    mark = node.end_mark
    ended_before = mark.column == 0 and mark.line > node.start_mark.line
    return mark.line - 1 if ended_before else mark.line


def _scalar(value: str) -> Any:
    return yaml.ScalarNode("tag:yaml.org,2002:str", value)


def _indented(text: str, blanks: int) -> str:
    return "".join(f"{' ' * blanks}{line}" for line in text.splitlines(keepends=True))
