"""A shape and the rule of a route -> the fields that ask for it, how true they are to it, and why. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, cast

from msgspec import Struct, field
from msgspec.structs import replace

from ...profiles.shapes.rule import ShapeRule, shape_rule
from ...profiles.shapes.shape import Shape
from ...providers.errors import first_of
from ...providers.merge import at_path, filled, leaf_paths, merged
from ...providers.schema import Json, Notice
from .adaptation import Adaptation, adapt
from .words import ShapeChange, ShapeFidelity

JSON_WORDS = "Answer with JSON alone: no code fence, no words before or after it."
SCHEMA_WORDS = f"{JSON_WORDS} It has to fit this JSON Schema:"


class ShapePlan(Struct, frozen=True):
    """What is sent for a shape. `words` are added to the system prompt. `owns` are the paths of the body it decides.

    `adaptation` is what became of the schema, None where it goes out as it was said, or where there is none.
    `counts`: what is sent in fields counts as input, as a tool does; None where nobody says whether it does.
    """

    shape: Shape
    fidelity: ShapeFidelity
    native: Json = field(default_factory=dict[str, Any])
    note: str | None = None
    words: str = ""
    owns: tuple[str, ...] = ()
    adaptation: Adaptation | None = None
    notices: tuple[Notice, ...] = ()
    counts: bool | None = None

    @property
    def changes(self) -> tuple[ShapeChange, ...]:
        """What was changed of the schema that is sent."""
        return () if self.adaptation is None else self.adaptation.changes

    def system(self, given: str | None) -> str | None:
        """The system prompt with what is asked for in words."""
        return "\n\n".join(part for part in (given, self.words) if part) or None


class ShapeRoute(Struct, frozen=True):
    """Who is asked, and beside what: `params` are the profile's own fields, `thinks` is whether the model will.

    `tools` are the fields that declare tools.
    """

    provider: str
    dialect: str
    model: str
    params: Json
    thinks: bool | None
    said: str
    tools: Json = field(default_factory=dict[str, Any])


def plan_shape(shape: Shape, route: ShapeRoute) -> ShapePlan:
    """Decide how `shape` is asked for on `route`. `route.said` is all text that goes to the model, so far."""
    if shape.by is not None:
        return ShapePlan(shape, "two_calls", note=f"nothing is sent for it: {shape.by} puts the answer into its shape")
    rule = shape_rule(route.provider, route.dialect, route.model)
    others = (route.params, route.tools)
    beside = next((path for path in rule.excludes if any(at_path(other, path) is not None for other in others)), None)
    if beside is not None:
        return _in_words(shape, rule, f"this route does not take a schema and {beside} together", native=False)
    if shape.schema is None:
        return _any_json(shape, rule, route)
    body, fidelity = (rule.schema, "native") if rule.schema else (rule.tool, "tool")
    if not body:
        return _in_words(shape, rule, "this route has no field for a schema")
    if fidelity == "tool" and route.tools:
        return _in_words(
            shape, rule, "this route has but a tool for a schema, and other tools are declared", native=False
        )
    if rule.thinking == "loses" and route.thinks:
        why = rule.thinking_note or "this model does not think beside a schema"
        return _in_words(shape, rule, f"{why}, and thinking was asked for: thinking goes first", native=False)
    adaptation = _adapted(json.dumps(shape.schema), route.provider, route.dialect, route.model)
    if lost := adaptation.lost:
        where = f"{lost[0].path or 'the schema'}: {lost[0].words}"
        if not rule.loose:
            return _in_words(shape, rule, f"the schema cannot be said here ({where})", lost=lost)
        told = f"not held to the schema, which is only a hint here ({where})"
        native = filled(rule.loose, _values(shape.schema, shape.name))
        notices = (Notice("shape_loose", told), *_notices(rule, route))
        return ShapePlan(
            shape,
            "native",
            merged(rule.beside, native),
            told,
            owns=_owns(rule.loose),
            notices=notices,
            counts=rule.counts_schema,
        )
    native = merged(rule.beside, filled(body, _values(adaptation.schema, shape.name)))
    notices = (*_changes(adaptation), *_notices(rule, route))
    note = {"yes": None, "no": "answers are not held to it", "unknown": "whether answers are held to it is not known"}
    return ShapePlan(
        shape,
        cast("ShapeFidelity", fidelity),
        native,
        note[rule.enforces],
        owns=_owns(body),
        adaptation=adaptation,
        notices=notices,
        counts=True if fidelity == "tool" else rule.counts_schema,
    )


def _any_json(shape: Shape, rule: ShapeRule, route: ShapeRoute) -> ShapePlan:
    if not rule.json:
        return _in_words(shape, rule, "this route has no field for JSON of any kind")
    words = JSON_WORDS if rule.needs_word and "json" not in route.said.lower() else ""
    notices = _notices(replace(rule, note=""), route)  # what is to be told of a schema
    if words:
        told = "this route wants the word JSON in the prompt: it was added to the system prompt"
        notices = (Notice("shape_words", told), *notices)
    native = merged(rule.beside, rule.json)
    return ShapePlan(shape, "native", native, words=words, owns=_owns(rule.json), notices=notices)


def _in_words(
    shape: Shape, rule: ShapeRule, why: str, *, native: bool = True, lost: tuple[ShapeChange, ...] = ()
) -> ShapePlan:
    """The shape in the prompt, with the field for JSON of any kind where there is one."""
    words = JSON_WORDS
    if shape.schema is not None:
        words = f"{SCHEMA_WORDS}\n{json.dumps(shape.schema, ensure_ascii=False)}"
    body: Mapping[str, Any] = rule.json if native and shape.schema is not None else {}
    note = f"{why}: asked for in the prompt" + (", and as JSON of any kind" if body else "")
    adaptation = Adaptation(shape.schema, lost) if lost and shape.schema is not None else None
    notices = (Notice("shape_prompt", note),)
    return ShapePlan(shape, "prompt", body, note, words, _owns(body), adaptation, notices)


@lru_cache(maxsize=256)
def _adapted(written: str, provider: str, dialect: str, model: str) -> Adaptation:
    return adapt(json.loads(written), shape_rule(provider, dialect, model))


def _owns(body: Json) -> tuple[str, ...]:
    return tuple(leaf_paths(body))


def _values(schema: Json, name: str) -> dict[str, Any]:
    text = json.dumps(schema, ensure_ascii=False, separators=(",", ":"))
    return {"$schema": schema, "$schema_text": text, "$name": name}


def _notices(rule: ShapeRule, route: ShapeRoute) -> tuple[Notice, ...]:
    """What is to be told of the route, whatever the schema."""
    told = [rule.note]
    told.append(rule.off_note if route.thinks is False else rule.thinking_note)
    if route.thinks and rule.thinking == "unknown":
        told.append("whether this model thinks beside a schema is not known")
    return tuple(Notice("shape_route", words) for words in told if words)


def _changes(adaptation: Adaptation) -> tuple[Notice, ...]:
    """What was changed of the schema, one line for each kind of change."""
    kinds: dict[str, list[str]] = {}
    for change in adaptation.changes:
        kinds.setdefault(change.kind, []).append(f"{change.keyword} at {change.path or '/'}")
    told: list[Notice] = []
    for kind, places in kinds.items():
        told.append(Notice("shape_changed", f"{_TOLD[kind]}: {first_of(places)}"))
    return tuple(told)


_TOLD = {
    "described": "the schema as sent has in words what it cannot demand, which is checked afterwards",
    "closed": "the schema as sent takes no other keys than those it names",
    "required": "the schema as sent demands keys that may be left out",
    "rewritten": "the schema as sent says the same otherwise",
    "wrapped": "the schema as sent has the answer inside an object",
}
