"""The names that a configuration has, for completion. Nothing is fetched, and no key is looked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...profiles.config import Config, load, load_builtin, user_file
from ...profiles.disk import data_place
from ...providers.errors import ThinkdialError


def configured(config: str | None) -> dict[str, Any]:
    """Names by kind, where data is kept, and the files on which all this depends.

    A configuration that cannot be read leaves what is built in.
    """
    try:
        settings = load(Path(config).expanduser() if config else None)
    except ThinkdialError:
        settings = load_builtin()
    return {
        "names": _names(settings),
        "data": str(data_place()),
        "files": [str(user_file())],
    }


def _names(settings: Config) -> dict[str, list[tuple[str, str]]]:
    from ...engine.lookups.known_models import ModelQuestion, find_models
    from ...profiles.written.config_file import settings as values
    from ...profiles.written.config_text import path_words

    profiles = [(one.name, f"{one.provider} {one.model}") for one in settings.profiles.values()]
    groups = [(name, f"group: {', '.join(members)}") for name, members in settings.groups.items()]
    providers = [(name, "provider") for name in settings.providers]
    from datetime import UTC, datetime

    known = find_models(ModelQuestion(), settings, datetime.now(UTC))
    models = dict.fromkeys((one.provider.name, one.card.example) for one in known if one.card.example)
    usual = ["defaults.profile", "defaults.think", "defaults.retries", "defaults.timeout", "defaults.max_output_tokens"]
    return {
        "profile": [*profiles, *groups],
        "provider": providers,
        "keyed": [*providers, *profiles],
        "model": [(f"{provider}/{model}", "") for provider, model in models],
        "model_id": [(model, provider) for provider, model in models],
        "template": [(one.name, one.description or "") for one in settings.templates.values()],
        "key": [(name, "") for name in dict.fromkeys([*(path_words(one.path) for one in values(settings)), *usual])],
    }
