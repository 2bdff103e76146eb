"""What other installed packages add: dialects, and providers in YAML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ...profiles import facts
from ...profiles.yaml_file import read_yaml
from ...providers import registry
from ...providers.errors import ThinkdialError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


class Plugin(Struct, frozen=True):
    """One entry point. `adds` are the names that it brings; `problem` says why it cannot be used."""

    kind: str
    name: str
    package: str | None
    version: str | None
    value: str
    adds: tuple[str, ...] = ()
    problem: str | None = None


def plugins() -> list[Plugin]:
    """All of them, by kind and name, each loaded once."""
    from importlib.metadata import entry_points

    groups = (("dialect", registry.ENTRY_POINTS), ("providers", facts.PROVIDER_ENTRY_POINTS))
    return [
        _looked_at(kind, point)
        for kind, group in groups
        for point in sorted(entry_points(group=group), key=lambda one: one.name)
    ]


def _looked_at(kind: str, point: EntryPoint) -> Plugin:
    adds, problem = tuple[str, ...](), None
    try:
        loaded: Any = point.load()
        if kind == "dialect":
            adds = (point.name,)
        else:
            section = read_yaml(str(loaded() if callable(loaded) else loaded), f"plugin {point.value}")
            adds = tuple(section.section("providers") or ())
    except ThinkdialError as error:
        problem = error.message
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"
    package = point.dist
    name, version = (None, None) if package is None else (package.name, package.version)
    return Plugin(kind, point.name, name, version, point.value, adds, problem)
