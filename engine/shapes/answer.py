"""An answer that should be JSON -> its value, in what form it came, and what is wrong with it. Pure.

What stands around the JSON is never taken away in silence: the form says it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from msgspec import Struct

from ...profiles.shapes.shape import Shape
from ...providers.json_values import array, parse_json, said_twice
from .adaptation import WRAPPED_AS, Adaptation
from .json_schema import problems
from .patterns import UnfinishedError
from .references import target_of
from .words import VALUELESS, AnswerForm

FORM_WORDS: Mapping[AnswerForm, str] = {
    "fenced": "the JSON came in a code fence",
    "in_words": "the JSON came with words around it",
    "repeated": "the same JSON came twice",
    "encoded_twice": "the JSON came as a text inside JSON",
    "in_reasoning": "the JSON came as reasoning, and the answer was empty",
    "cut": "the JSON is cut off",
    "empty": "there is no answer",
    "not_json": "the answer is not JSON",
}

MOST_ERRORS = 20
MOST_JSON = 4 * 2**20
"""Characters of an answer that are read as JSON."""

JUDGING_S = 0.5
MOST_STEPS = 64
_FENCE = re.compile(r"```[\w-]*[ \t]*\n(.*?)\n?[ \t]*```", re.DOTALL)
_OPENER = re.compile(r"[\[{]")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+("?)|[\[{]|[\]}]', re.DOTALL)


class UnheldError(ValueError):
    """A value that its schema says nothing of: judging it takes too long, or fails. Its text is a predicate."""


class ShapedAnswer(Struct, frozen=True):
    """`errors` are those by the schema that was meant, or the one that there is no value; None: they are not known.

    `note` says why, or what was undone of the changes to the schema.
    """

    form: AnswerForm
    value: Any = None
    errors: tuple[str, ...] | None = None
    note: str | None = None


def read_answer(answer: str, reasoning: str | None, shape: Shape, adaptation: Adaptation | None) -> ShapedAnswer:
    """The value of an answer to `shape`, held against the schema as it was said."""
    if len(answer) > MOST_JSON:
        return ShapedAnswer("not_json", None, None, f"the answer has {len(answer):,} characters: too many to be read")
    form, value = _value_in(answer, reasoning)
    if form in VALUELESS:
        return ShapedAnswer(form, None, (f"$: {FORM_WORDS[form]}",))
    if form == "clean" and isinstance(value, str) and (inner := _inner(value, shape)) is not None:
        form, value = "encoded_twice", inner
    told: list[str] = []
    if adaptation is not None and adaptation.is_wrapped:
        if isinstance(value, dict) and list(cast("dict[str, Any]", value)) == [WRAPPED_AS]:
            value = cast("dict[str, Any]", value)[WRAPPED_AS]
        else:
            told.append(f"the answer is not in the object that was asked for, under {WRAPPED_AS!r}")
    if shape.schema is None:
        return ShapedAnswer(form, value, ())
    try:
        may_be_null = adaptation is not None and any(change.kind == "required" for change in adaptation.changes)
        less, errors = held_against(shape.schema, value, may_be_null=may_be_null)
        if less != value:
            value = less
            told.append("keys that may be left out came as null: they are left out of the value")
    except UnheldError as error:
        return ShapedAnswer(form, value, None, f"it {error}")
    return ShapedAnswer(form, value, errors, "; ".join(told) or None)


def held_against(schema: Mapping[str, Any], value: Any, *, may_be_null: bool) -> tuple[Any, tuple[str, ...]]:
    """The value and what is wrong with it by `schema`. Raises `UnheldError` where that cannot be known.

    `may_be_null`: keys that may be left out were demanded, and may be null instead: they are left out of the value
    where it fits without them.
    """
    try:
        errors = problems(schema, value, JUDGING_S, most=MOST_ERRORS)
        if errors and may_be_null:
            less = _without_nulls(value, schema, schema)
            if less != value and not problems(schema, less, JUDGING_S, most=1):
                return less, ()
    except UnfinishedError as error:
        raise UnheldError(f"cannot be held against the schema: {error}") from None
    except Exception as error:  # a schema may refer to nothing or to itself; what came was paid for all the same
        raise UnheldError(f"cannot be held against the schema: {type(error).__name__}: {error}") from error
    return value, errors


def _value_in(answer: str, reasoning: str | None) -> tuple[AnswerForm, Any]:
    text = answer.strip()
    if not text:
        try:
            value = _parsed((reasoning or "").strip()[:MOST_JSON])
        except ValueError:
            return "empty", None
        return ("in_reasoning", value) if isinstance(cast("object", value), dict | list) else ("empty", None)
    try:
        return "clean", _parsed(text)
    except ValueError:
        pass
    if (once := said_twice(text)) is not None:
        return "repeated", _parsed(once)
    for found in _FENCE.finditer(text):
        try:
            value = _parsed(found[1].strip())
        except ValueError:
            continue
        return ("fenced" if found[0] == text else "in_words"), value
    for value in _values_inside(text):
        return "in_words", value
    return ("cut" if _is_cut(text) else "not_json"), None


def _parsed(text: str) -> Any:
    """The value of `text`. Raises `ValueError` for what is no JSON: NaN and infinite numbers are none."""
    value = parse_json(text)
    json.dumps(value, allow_nan=False)
    return value


def _values_inside(text: str) -> Iterator[Any]:
    """The objects and arrays that stand whole somewhere in `text`: the first brackets that hold one."""
    for tried, opener in enumerate(_OPENER.finditer(text)):
        if tried == MOST_STEPS:
            return
        end = _end_of(text, opener.start())
        if end is None:
            return
        try:
            value = _parsed(text[opener.start() : end])
        except ValueError:
            continue
        if value:
            yield value


def _end_of(text: str, start: int) -> int | None:
    """Where the brackets that open at `start` are closed; None where they are not."""
    level = 0
    for token in _TOKEN.finditer(text, start):
        if token[0] in ("[", "{"):
            level += 1
        elif token[0] in ("]", "}"):
            level -= 1
            if level <= 0:
                return token.end()
    return None


def _is_cut(text: str) -> bool:
    """Whether brackets, or a text inside them, are open at the end."""
    opener = _OPENER.search(text)
    return opener is not None and _end_of(text, opener.start()) is None


def _inner(value: str, shape: Shape) -> Any:
    """The object or array that the text `value` holds, where the schema means no text; else None."""
    try:
        inner = _parsed(value)
        if not isinstance(inner, dict | list):
            return None
        if shape.schema is not None and not problems(shape.schema, value, JUDGING_S, most=1):
            return None
    except Exception:
        return None
    return cast("Any", inner)


def _without_nulls(value: Any, node: Any, root: Mapping[str, Any], steps: int = 0) -> Any:
    """`value` without the keys that are null although the schema would rather have them left out."""
    parts = list(_alternatives(node, root, steps))
    if isinstance(value, list):
        inner = [one.get("items") for one in parts if isinstance(one.get("items"), dict)]
        return [_by_all(one, inner, root, steps) for one in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    kept: dict[str, Any] = {}
    for name, one in cast("dict[str, Any]", value).items():
        named = [part for part in parts if isinstance(part.get("properties"), dict) and name in part["properties"]]
        if one is None and named and all(name not in array(part.get("required")) for part in named):
            continue
        kept[name] = _by_all(one, [part["properties"][name] for part in named], root, steps)
    return kept


def _by_all(value: Any, nodes: list[Any], root: Mapping[str, Any], steps: int) -> Any:
    for node in nodes:
        value = _without_nulls(value, node, root, steps + 1)
    return value


def _alternatives(node: Any, root: Mapping[str, Any], steps: int) -> Iterator[dict[str, Any]]:
    """The schema and those that stand for it or beside it."""
    if steps > MOST_STEPS or not isinstance(node, dict):
        return
    held = cast("dict[str, Any]", node)
    yield held
    if isinstance(ref := held.get("$ref"), str):
        yield from _alternatives(target_of(root, ref), root, steps + 1)
    for name in ("anyOf", "oneOf", "allOf"):
        for one in array(held.get(name)):
            yield from _alternatives(one, root, steps + 1)
