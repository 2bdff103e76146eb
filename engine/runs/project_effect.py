"""What a project's file changes of a request beyond the model, the dial and limits: what its trust was given for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ...profiles.profile import Profile
from ...profiles.trust import PROFILE_KEYS
from ...providers.errors import ConfigError, first_of
from ...providers.json_values import obj, parse_json
from ...providers.merge import at_path, leaf_paths
from ...providers.schema import Notice
from ..planning.prepare import Prepared, Prompt
from ..targets.keys import describe_key
from ..targets.target import resolve
from .jobs import Options, prepare_one

if TYPE_CHECKING:
    from ...profiles.config import Config

MOST_NAMED = 8
"""Fields that are named one by one."""


class ProjectEffect:
    """The project's file of a configuration, against what would be sent without it."""

    def __init__(self, config: Config) -> None:
        places = {layer.name: layer.path for layer in config.layers}
        self._file, self._option = places.get("project"), places.get("option")
        self._without: Config | None = None

    def of(self, prepared: Prepared, prompt: Prompt, options: Options) -> Notice | None:
        """What the file changes of the call, by name and never by value; None where that is nothing."""
        if self._file is None:
            return None
        changes = list(dict.fromkeys(self._changes(prepared, prompt, options)))
        if not changes:
            return None
        name = prepared.target.profile.name
        words = f"{self._file.name} of this project changes what {name} sends, beyond the model, the dial and limits: "
        return Notice("project_changes", f"{words}{first_of(changes, MOST_NAMED)}")

    def _changes(self, prepared: Prepared, prompt: Prompt, options: Options) -> Iterator[str]:
        bare = self._bare_profile(prepared.target.profile)
        try:
            target = resolve(bare, self._config())
            plain = prepare_one(target, prepared.think, prompt, self._config(), options)
        except ConfigError:  # without the file there is no such provider, or no address to go to
            yield "who is called"
            return
        if plain.request.url != prepared.request.url:
            yield "the address"
        if describe_key(plain.target) != describe_key(prepared.target):
            yield "the key"
        before, after = dict(plain.request.headers), dict(prepared.request.headers)
        yield from (f"header {name}" for name in sorted({*before, *after}) if before.get(name) != after.get(name))
        ours, theirs = obj(parse_json(plain.request.body)), obj(parse_json(prepared.request.body))
        for path in sorted({*leaf_paths(ours), *leaf_paths(theirs)}):
            if at_path(ours, path) != at_path(theirs, path):
                yield path.partition(".")[0] if at_path(ours, path.partition(".")[0]) is None else path
        if prepared.target.profile.price != plain.target.profile.price:
            yield "the price that budgets count with"

    def _bare_profile(self, profile: Profile) -> Profile:
        """The profile as the other files have it, with the model, the dial and limits that hold."""
        known = self._config().profiles.get(profile.name)
        bare = Profile(profile.name, profile.provider, profile.model) if known is None else known
        held = {name: getattr(profile, name) for name in PROFILE_KEYS if hasattr(profile, name)}
        if profile.card is not None:  # its dial, without what it says of native fields
            held["card"] = replace(
                profile.card, off=None, spelling={}, refuses_always=(), refuses_thinking=(), dialects=()
            )
        return replace(bare, **held, blocked=profile.blocked)

    def _config(self) -> Config:
        """The configuration without the project's file."""
        if self._without is None:
            from ...profiles.config import load

            self._without = load(self._option, start=Path(Path.cwd().anchor))
        return self._without
