"""A profile's own native fields, beside what the dial decides. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from ...providers.errors import ConfigError
from ...providers.merge import at_path, leaf_paths, without
from ...providers.schema import Json, Notice

OUTPUT_LIMITS = (
    "max_output_tokens",
    "max_completion_tokens",
    "max_tokens",
    "generationConfig.maxOutputTokens",
    "generation_config.max_output_tokens",
    "inferenceConfig.maxTokens",
    "options.num_predict",
)
"""Where the wires keep the output limit."""


def paths_in(params: Json, fields: Iterable[str]) -> list[str]:
    """The dotted paths of `params` that are one of `fields` or lie in one."""
    listed = list(fields)
    return [path for path in leaf_paths(params) if any(_within(path, field) for field in listed)]


def contested(params: Json, owned: Iterable[str]) -> list[str]:
    """The dotted paths of `params` that say something about `owned` fields: in one of them, or around it."""
    listed = list(owned)
    return [path for path in leaf_paths(params) if any(_within(path, own) or _within(own, path) for own in listed)]


def holds(params: Json, fields: Json) -> bool:
    """Whether `params` say all that `fields` say, and these say something."""
    return bool(fields) and all(at_path(params, path) == at_path(fields, path) for path in leaf_paths(fields))


def take_output_limit(params: Json, asked: int | None) -> tuple[Json, int | None, tuple[Notice, ...]]:
    """`params` without an output limit, and the limit that counts: the lowest of those and of `asked`.

    Merged into the body behind the planner's back, a limit could fall below the budget or the provider's least.
    Raises `ConfigError` for a limit that is no number of tokens, and for another model than the one planned for.
    """
    if "model" in params:
        raise ConfigError("params.model names another model than the one planned for", hint="use the profile's model")
    limits = [asked] if asked else []
    for path in paths_in(params, OUTPUT_LIMITS):
        limit = at_path(params, path)
        if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
            raise ConfigError(f"params.{path} must be a whole number above 0", hint="or use max_output_tokens")
        limits.append(limit)
        params = without(params, path)
    if len(set(limits)) < 2:
        return params, (limits[0] if limits else None), ()
    least = min(limits)
    others = ", ".join(str(limit) for limit in dict.fromkeys(limits) if limit != least)
    words = f"output limit {least}: options, profile and its params disagree ({others}), the lowest counts"
    return params, least, (Notice("output_limit", words),)


def _within(path: str, outer: str) -> bool:
    """Whether `path` is `outer` or lies in it. Google takes snake_case too, so underscores and case do not count."""
    inner, around = (f"{name.replace('_', '').lower()}." for name in (path, outer))
    return inner.startswith(around)
