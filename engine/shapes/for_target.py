"""What a call to one target asks for, by what is said for the call, else by its profile. Pure."""

from __future__ import annotations

from ...profiles.shapes.shape import Shape
from ...providers.errors import ConfigError, UsageError
from ...providers.merge import leaf_paths, paths_overlap
from ...providers.schema import Json
from ..targets.target import Target
from .request import ShapePlan, ShapeRoute, plan_shape
from .short_form import shape_of

ANY_JSON = "json"
"""What a profile or a row says for JSON of any kind."""


def planned_shape(
    target: Target, said: Shape | None, params: Json, thinks: bool | None, text: str, tools: Json | None = None
) -> ShapePlan:
    """How the shape that is `said`, else that of the profile, is asked for. `text` is all that the model is told.

    `tools` are the fields that declare tools, where the call has any.

    Raises `ConfigError` where the profile's `schema` is none, and where its params set what the shape sets.
    """
    profile = target.profile
    shape = said or _of_profile(target)
    route = ShapeRoute(
        target.provider.name, target.dialect, profile.known_as or profile.model, params, thinks, text, tools or {}
    )
    planned = plan_shape(shape, route)
    for path in leaf_paths(params):
        if any(paths_overlap(path, own) for own in planned.owns):
            raise ConfigError(
                f"profile {profile.name}: params.{path} sets what the schema of the answer sets",
                hint="leave it out of params, or ask without --schema and --json-mode",
            )
    return planned


def shape_said(value: object, place: str) -> Shape:
    """The shape of a row, a profile or a program: `json`, JSON Schema, or the short form. Raises `UsageError`."""
    return Shape() if value == ANY_JSON else shape_of(value, place)


def _of_profile(target: Target) -> Shape:
    profile = target.profile
    try:
        return shape_said(profile.schema, "schema")
    except UsageError as error:
        raise ConfigError(f"{profile.place or profile.name}: schema: {error.message}", hint=error.hint) from None
