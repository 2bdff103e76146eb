"""Whether an answer is what its row expects. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Context, Decimal, InvalidOperation
from typing import Any, cast

from ...providers.errors import UsageError, did_you_mean
from ...providers.json_values import parse_json, said_twice
from ...providers.schema import Json
from ..results.checked import CheckKind
from ..results.result import Result
from ..shapes.json_schema import check_schema, first_problem
from ..shapes.patterns import UnfinishedError, check_pattern, occurs

NUMBER = re.compile(r"[-+−]?(?:\d{1,3}(?:[,\u202f\u00a0'’]\d{3})+|\d+)?(?:\.\d+)?(?:[eE][-+]?\d+)?")
_FENCE = re.compile(r"\A\s*```[\w-]*\n(.*?)\n?```\s*\Z", re.DOTALL)
_DIGIT = re.compile(r"\d")
LONGEST_NOTE = 200

JUDGING_S = 0.5
"""How long one expectation of an answer may take; a sound one needs a thousandth of it."""

MOST_JSON = 4 * 2**20
"""Characters of an answer that are read as JSON to be judged: nothing else goes on while they are read."""

_NUMBER_WINDOW = 10_000
"""Characters before the last digit of an answer in which its last number is looked for."""

_EXACT = Context(prec=200, traps=[])
"""Numbers that are too large for it become infinite, and are then no number within any tolerance."""

NOT_HELD = "the answer was held against no schema, as none was asked for or it could not be"

MODIFIERS = ("ignore_case", "tolerance", "relative_tolerance")

NAMED: Mapping[CheckKind, str] = {
    "command": "a program of the configuration", "agree": "a share of agreement", "judge": "a judge",
}  # fmt: skip
"""Kinds that take more than a look at one answer's text. What they do is defined in the configuration."""


def judge_answer(
    expect: Json | None, result: Result, *, within_s: float = JUDGING_S, unfinished: bool = False
) -> tuple[bool | None, str | None]:
    """Whether `result` passes, and why not. None where nothing was expected, or nothing whole was answered.

    `expect` holds one or more of `exact`, `contains` (one text, or several that must all be there), `regex`, `schema`
    (JSON Schema of the answer; None is the one that was asked for), `number` with `tolerance` or `relative_tolerance`;
    all must hold. A whole answer in a code fence counts as what is in it. `ignore_case` is for the texts. What is not
    known after `within_s` is not judged, or, if asked to, raises `UnfinishedError`. An answer without text is not what
    anybody expects.
    """
    if expect is None or result.status != "ok":
        return None, None
    if result.think.verdict == "empty":
        return False, "the answer is empty"
    answer = result.answer.strip()
    fenced = _FENCE.match(answer)
    inner = fenced.group(1).strip() if fenced else answer
    for name, wanted in expect.items():
        if name not in _CHECKS:
            continue
        if name == "schema" and wanted is None:
            if result.schema_errors is None:
                return None, NOT_HELD
            if result.schema_errors:
                return False, f"the answer does not fit its schema: {result.schema_errors[0]}"[:LONGEST_NOTE]
            continue
        try:
            problem = _CHECKS[name](inner if name in ("exact", "schema") else answer, wanted, expect, within_s)
        except UnfinishedError as error:
            if unfinished:
                raise
            return None, f"expect.{name} cannot be judged: {error}"[:LONGEST_NOTE]
        except Exception as error:  # a schema may refer to nothing or to itself; an answer was paid for all the same
            return None, f"expect.{name} cannot be judged: {type(error).__name__}: {error}"[:LONGEST_NOTE]
        if problem is not None:
            return False, problem
    return True, None


def check_expectation(expect: Json) -> None:
    """Raise `UsageError`, in words without a place, for an expectation that cannot be judged."""
    for name in expect:
        if name not in KINDS and name not in MODIFIERS:
            raise UsageError(f"expect.{name} is not known{did_you_mean(name, (*KINDS, *MODIFIERS))}")
    if not any(name in KINDS for name in expect):
        raise UsageError(f"expect says nothing: it takes {', '.join(KINDS)}")
    for name in ("exact", "regex"):
        if name in expect and not isinstance(expect[name], str):
            raise UsageError(f"expect.{name} must be text")
    if "contains" in expect and not all(isinstance(part, str) for part in _listed(expect["contains"])):
        raise UsageError("expect.contains must be text, or a list of texts")
    for name in ("number", "tolerance", "relative_tolerance"):
        if name in expect and (isinstance(expect[name], str) or _decimal(expect[name]) is None):
            raise UsageError(f"expect.{name} must be a number")
        if name != "number" and (_decimal(expect.get(name)) or 0) < 0:
            raise UsageError(f"expect.{name} must not be negative")
    if not isinstance(expect.get("ignore_case", False), bool):
        raise UsageError("expect.ignore_case must be true or false")
    if "regex" in expect:
        check_pattern(cast("str", expect["regex"]))
    if expect.get("schema") is not None:
        if not isinstance(expect["schema"], dict | bool):
            raise UsageError("expect.schema must be a JSON Schema: an object")
        try:
            check_schema(expect["schema"])
        except RecursionError:
            raise UsageError("expect.schema is nested too deeply") from None


def _exact(answer: str, wanted: Any, expect: Json, within_s: float) -> str | None:
    same = _folded(answer, expect) == _folded(str(wanted).strip(), expect)
    return None if same else "the answer is another one"


def _contains(answer: str, wanted: Any, expect: Json, within_s: float) -> str | None:
    within = _folded(answer, expect)
    missing = [part for part in _listed(wanted) if _folded(part, expect) not in within]
    words = ", ".join(repr(part) for part in missing)
    return f"the answer does not contain {words}"[:LONGEST_NOTE] if missing else None


def _regex(answer: str, wanted: Any, expect: Json, within_s: float) -> str | None:
    found = occurs(wanted, answer, ignore_case=bool(expect.get("ignore_case")), within_s=within_s)
    return None if found else "nothing in the answer matches the regular expression"


def _schema(answer: str, wanted: Any, expect: Json, within_s: float) -> str | None:
    if len(answer) > MOST_JSON:
        raise UnfinishedError(f"the answer has {len(answer):,} characters, more than are read as JSON here")
    try:
        value = parse_json(said_twice(answer) or answer)
    except ValueError:
        return "the answer is not JSON"
    return first_problem(wanted, value, within_s)


def _number(answer: str, wanted: Any, expect: Json, within_s: float) -> str | None:
    """The last number of the answer counts: models say it after their working."""
    last = _last_number(answer)
    if last is None:
        return "the answer holds no number"
    target, said = _decimal(wanted), _decimal(re.sub(r"[,\u202f\u00a0'’]", "", last).replace("−", "-"))
    if target is None or said is None:
        return "the answer holds no number"
    absolute = _decimal(expect.get("tolerance")) or Decimal(0)
    relative = _EXACT.multiply(_decimal(expect.get("relative_tolerance")) or Decimal(0), abs(target))
    close = abs(_EXACT.subtract(said, target)) <= max(absolute, relative)
    return None if close else f"the answer's last number is {last}"[:LONGEST_NOTE]


def _last_number(answer: str) -> str | None:
    end = max(map(answer.rfind, "0123456789")) + 1
    if not answer.isascii():
        end = max((found.end() for found in _DIGIT.finditer(answer, end)), default=end)
    found = None
    for match in NUMBER.finditer(answer[max(0, end - _NUMBER_WINDOW) : end]):
        if any(character.isdigit() for character in match.group()):
            found = match.group()
    return found


_CHECKS: Mapping[str, Callable[[str, Any, Json, float], str | None]] = {
    "exact": _exact,
    "contains": _contains,
    "regex": _regex,
    "schema": _schema,
    "number": _number,
}

KINDS = (*_CHECKS, *NAMED)
"""What may be expected of an answer."""


def text_part(expect: Json) -> Json | None:
    """What of `expect` a look at the answer's text decides; None where nothing does."""
    if not any(name in _CHECKS for name in expect):
        return None
    return {name: value for name, value in expect.items() if name not in NAMED}


def named_part(expect: Json) -> list[tuple[CheckKind, str | float]]:
    """The kinds and names of the checks beyond the text, in this order: what costs nothing comes first."""
    return [(kind, name) for kind in NAMED if kind in expect for name in _listed(expect[kind])]


def _listed(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else [value]


def _folded(text: str, expect: Json) -> str:
    return text.casefold() if expect.get("ignore_case") else text


def _decimal(value: Any) -> Decimal | None:
    if value is None or isinstance(value, bool):
        return None
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
