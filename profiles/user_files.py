"""Files that are written for the user: a first configuration, a profile more, and the trust in a project's file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import yaml

from ..providers.errors import UsageError
from .config import OF_OTHERS, PROJECT_FILE, TRUST_FILE, Config, project_file, user_directory, user_file
from .disk import is_own, save_private
from .facts import packaged_text
from .sections.yaml_syntax import node_of
from .trust import trust
from .written.config_file import rewrite
from .written.config_text import read_block, with_value
from .yaml_file import read_text

SCHEMA_BESIDE = "thinkdial.schema.json"
MODELINE = "# yaml-language-server: $schema="
"""How an editor is told which schema a file has."""


def write_first(*, in_project: bool, replace: bool) -> Path:
    """Write a first configuration with examples: the user's own, or the project's in this directory.

    Its first line names the schema for editors, which is written beside it.

    Raises `UsageError` when there is one already that is not to be replaced.
    """
    path = Path(PROJECT_FILE) if in_project else user_file()
    if path.exists() and not replace:
        raise UsageError(f"{path} is already there", hint="edit it, or replace it with --force")
    beside = path.with_name(SCHEMA_BESIDE if not in_project else f".{SCHEMA_BESIDE}")
    save_private(beside, packaged_text("schemas/config.schema.json"))
    save_private(path, f"{MODELINE}./{beside.name}\n{packaged_text('data/example.yaml')}")
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

    Raises `ConfigError` where the file cannot be written, or would be no configuration.
    """
    path = user_file()
    added = read_block(_as_yaml(_settings(profile, config), think))
    rewrite(path, lambda text: with_value(text, ("profiles", name), added))
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


def _as_yaml(settings: dict[str, Any], think: str) -> str:
    """The profile as a block of YAML."""
    pairs = [(_scalar(key), value) for key, value in {**settings, "think": _scalar(think)}.items()]
    node = yaml.MappingNode("tag:yaml.org,2002:map", pairs, flow_style=False)
    written: Any = vars(yaml)["serialize"](node, Dumper=yaml.SafeDumper, allow_unicode=True, width=4096)
    return cast("str", written)


def _value(node: Any, key: str) -> Any:
    return dict(_items(node)).get(key) if isinstance(node, yaml.MappingNode) else None


def _items(node: Any) -> list[tuple[str, Any]]:
    pairs = cast("Iterable[tuple[Any, Any]]", node.value)
    return [(str(key.value), value) for key, value in pairs if isinstance(key, yaml.ScalarNode)]


def _scalar(value: str) -> Any:
    return yaml.ScalarNode("tag:yaml.org,2002:str", value)
