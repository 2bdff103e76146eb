"""JSON Schema of an answer, judged within a time: no keyword of a schema, and no answer to it, takes longer.

The library checks one keyword after the other, so that the time is looked at before each; those that may take long by
themselves, patterns and `uniqueItems`, are matched here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from functools import lru_cache
from itertools import islice
from time import monotonic
from typing import Any, cast

from ...providers.errors import UsageError
from ...providers.json_values import array
from .patterns import UnfinishedError, check_pattern, occurs
from .references import check_references

MOST_ERROR = 200

CHECKING_S = 2.0
"""How long it may take to find out whether a schema is one."""

_DATA = frozenset({"const", "enum", "default", "examples"})
"""Keywords whose values are data, and no schemas."""

_until: ContextVar[float] = ContextVar("until")

Keyword = Callable[[Any, Any, Any, Any], Iterator[Any] | None]


def check_schema(schema: Any) -> None:
    """Raise `UsageError`, in words without a place, for what is no JSON Schema that can be judged in bounded time."""
    _validator(schema)


def check_asked(schema: Any) -> None:
    """The same for a schema that a provider gets; it is refused, too, where a reference in it leads to nothing."""
    written = _written(schema)
    _made_validator(written)
    check_references(schema, written)


def first_problem(schema: Any, value: Any, within_s: float) -> str | None:
    """What is wrong with `value` by `schema`, or None. Raises `UnfinishedError` when the time is over."""
    return next(iter(problems(schema, value, within_s, most=1)), None)


def problems(schema: Any, value: Any, within_s: float, *, most: int) -> tuple[str, ...]:
    """What is wrong with `value` by `schema`: up to `most` things, each with its place. Raises `UnfinishedError`."""
    validator = _validator(schema)
    token = _until.set(monotonic() + within_s)
    try:
        found = islice(validator.iter_errors(value), most)
        return tuple(f"{problem.json_path}: {problem.message}"[:MOST_ERROR] for problem in found)
    finally:
        _until.reset(token)


def _validator(schema: Any) -> Any:
    return _made_validator(_written(schema))


def _written(schema: Any) -> str:
    try:
        return json.dumps(schema, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError) as error:  # what a program has made, and no JSON can say
        raise UsageError(f"expect.schema is no JSON: {error}") from None


@lru_cache(maxsize=64)
def _made_validator(written: str) -> Any:
    from jsonschema import Draft202012Validator
    from jsonschema.validators import validator_for
    from referencing import Registry

    schema = json.loads(written)
    stock = validator_for(schema, default=Draft202012Validator)
    kind = _bounded_kind(stock)
    token = _until.set(monotonic() + CHECKING_S)
    try:
        rules = kind(kind.META_SCHEMA, format_checker=stock.FORMAT_CHECKER)
        wrong = next(iter(rules.iter_errors(schema)), None)
    except UnfinishedError:
        raise UsageError(f"expect.schema cannot be checked within {CHECKING_S:g} s") from None
    finally:
        _until.reset(token)
    if wrong is not None:
        raise UsageError(f"expect.schema is no JSON Schema: {wrong.message[:MOST_ERROR]}")
    if '"unevaluatedProperties"' in written and '"patternProperties"' in written:
        raise UsageError(
            "expect.schema: unevaluatedProperties and patternProperties cannot be judged together in bounded time"
        )
    # A registry of its own: references lead nowhere but into the schema, and never to the network.
    nowhere: Registry[Any] = Registry()
    return kind(_of_one_draft(schema), registry=nowhere)


@lru_cache(maxsize=16)
def _bounded_kind(stock: Any) -> Any:
    """The validator of a draft, with an eye on the time."""
    from jsonschema import validators

    extend: Any = cast("Any", validators).extend
    ours: dict[str, Keyword] = {
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional_properties(stock.VALIDATORS["additionalProperties"]),
        "uniqueItems": _unique_items,
        "enum": _enum,
    }
    return extend(stock, {name: _timed(keyword) for name, keyword in (stock.VALIDATORS | ours).items()})


def _of_one_draft(schema: Any) -> Any:
    """`schema` without `$schema`: the library would take its own validator for a part that names a draft."""
    if isinstance(schema, list):
        return [_of_one_draft(item) for item in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    parts = cast("dict[str, Any]", schema)
    return {
        name: value if name in _DATA else _of_one_draft(value)
        for name, value in parts.items()
        if not (name == "$schema" and isinstance(value, str))
    }


def _left_s() -> float:
    left = _until.get() - monotonic()
    if left <= 0:
        raise UnfinishedError("no end of judging within the time; write it without what multiplies")
    return left


def _timed(keyword: Keyword) -> Keyword:
    def checked(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[Any] | None:
        _left_s()
        return keyword(validator, wanted, instance, schema)

    return checked


@lru_cache(maxsize=256)
def _check(pattern: str) -> None:
    check_pattern(pattern, f"{pattern[:80]!r}")


def _matches(pattern: str, text: str) -> bool:
    _check(pattern)
    return occurs(pattern, text, ignore_case=False, within_s=_left_s())


def _pattern(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[Any]:
    if isinstance(instance, str) and not _matches(wanted, instance):
        yield _problem(f"{instance[:MOST_ERROR]!r} does not match {wanted!r}")


def _pattern_properties(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[Any]:
    if not validator.is_type(instance, "object"):
        return
    for pattern, part in wanted.items():
        for name, value in instance.items():
            if _matches(pattern, name):
                yield from validator.descend(value, part, path=name, schema_path=pattern)


def _additional_properties(stock: Keyword) -> Keyword:
    def additional(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[Any] | None:
        if "patternProperties" not in schema:
            return stock(validator, wanted, instance, schema)
        return _beside_patterns(validator, wanted, instance, schema)

    return additional


def _beside_patterns(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[Any]:
    if not validator.is_type(instance, "object"):
        return
    known, patterns = schema.get("properties", {}), schema["patternProperties"]
    for name, value in instance.items():
        if name in known or any(_matches(pattern, name) for pattern in patterns):
            continue
        if validator.is_type(wanted, "object"):
            yield from validator.descend(value, wanted, path=name)
        elif not wanted:
            yield _problem(f"{name[:MOST_ERROR]!r} is none of the properties, and matches no pattern")


def _unique_items(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[Any]:
    seen: set[str] = set()
    for item in array(instance) if wanted else ():
        written = _canonical(item)
        if written in seen:
            yield _problem(f"{written[:MOST_ERROR]} is there twice")
            return
        seen.add(written)
        _left_s()


def _enum(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[Any]:
    written = _canonical(instance)
    for each in wanted:
        _left_s()
        if each == instance if isinstance(each, str) else _canonical(each) == written:
            return
    yield _problem(f"{written[:MOST_ERROR]} is not one of {json.dumps(wanted)[:MOST_ERROR]}")


def _canonical(value: Any) -> str:
    """A text that is the same for values that JSON Schema holds for equal: 1 and 1.0 are, 1 and true are not."""
    return json.dumps(_plain_numbers(value), sort_keys=True)


def _plain_numbers(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_plain_numbers(item) for item in cast("list[Any]", value)]
    if isinstance(value, dict):
        return {name: _plain_numbers(item) for name, item in cast("dict[str, Any]", value).items()}
    return value


def _problem(words: str) -> Any:
    from jsonschema import ValidationError

    return ValidationError(words)
