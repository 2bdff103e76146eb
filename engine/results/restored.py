"""Documents of results -> results: the inverse of `results/documents.py`.

What an older version did not write yet is taken as unknown, and what a newer one adds is passed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from msgspec import NODEFAULT, Struct

from ...providers.errors import Failure
from ...providers.json_values import MAX_DOLLARS_TEXT, array, obj
from ...providers.schema import Json, Notice, Usage
from ...providers.turns.turn import Turn
from ..exchange.call_facts import Latency
from ..planning.fates import PieceFate, SessionPlace
from ..planning.think_plan import AimReceipt, Fidelity
from ..shapes import words as shape_words
from ..shapes.words import ShapeChange, ShapeReceipt, ShapingCall
from ..tools import words as tool_words
from ..tools.words import SentTool, ToolCall, ToolsReceipt
from . import checked, tool_use
from . import result as values_of_calls
from .checked import CheckOutcome, Escalation, EscalationEnd, EscalationStep
from .documents import printed_fields
from .result import Cost, Forecast, Reasoning, Result, Round, RoundPlace, ThinkReceipt
from .tool_use import ServerToolUse, ToolRun

_Part = TypeVar("_Part", bound=Struct)

_PARTS: Mapping[str, type[Any]] = {
    "think": ThinkReceipt,
    "reasoning": Reasoning,
    "usage": Usage,
    "cost": Cost,
    "latency": Latency,
    "error": Failure,
    "forecast": Forecast,
    "session": SessionPlace,
    "aim": AimReceipt,
}
_BEYOND_NUMBERS = 10**18
"""More than any count, duration or rate; and what is no number at all is not less."""

# What an annotation of `Result` means, for whoever reads its types. A call that restores nothing goes without it.
for _type in (
    ShapeReceipt, ServerToolUse, ToolRun, ToolsReceipt, ToolCall, Turn, PieceFate, SessionPlace, AimReceipt,
    CheckOutcome, Escalation,
):  # fmt: skip
    setattr(values_of_calls, _type.__name__, _type)
setattr(values_of_calls, "Fidelity", Fidelity)  # noqa: B010

_REQUIRED = frozenset(("profile", "provider", "model", "status", "think"))


def result_from(document: Json) -> Result:
    """The result that `document` (`thinkdial.result/1`) describes. Raises `ValueError` when it describes none."""
    if missing := sorted(name for name in _REQUIRED if document.get(name) is None):
        raise ValueError(f"the result lacks {', '.join(missing)}")
    values: dict[str, Any] = {}
    for field in _fields_of(Result):
        value = document.get(field.name)
        if field.name == "warnings":
            values["warnings"] = tuple(_thawed(Notice, warning) for warning in value or ())
        elif field.name == "same_request":
            values["same_request"] = tuple(_thawed(ThinkReceipt, receipt) for receipt in value or ())
        elif field.name == "continuity":
            values["continuity"] = tuple(_thawed(PieceFate, fate) for fate in value or ())
        elif field.name == "checks":
            values["checks"] = tuple(_thawed(CheckOutcome, check) for check in value or ())
        elif field.name == "server_tools":
            values["server_tools"] = tuple(_thawed(ServerToolUse, use) for use in value or ())
        elif field.name == "tool_runs":
            values["tool_runs"] = tuple(_thawed(ToolRun, run) for run in value or ())
        elif field.name == "rounds":
            values["rounds"] = tuple(_round(one) for one in value or ())
        elif field.name == "round":
            values["round"] = None if value is None else _thawed(RoundPlace, value)
        elif field.name == "shape":
            values["shape"] = _shape(value)
        elif field.name == "tools":
            values["tools"] = _tools(value)
        elif field.name == "tool_calls":
            values["tool_calls"] = tuple(_tool_call(call) for call in array(value))
        elif field.name == "schema_errors":
            values["schema_errors"] = None if value is None else tuple(map(str, array(value)))
        elif field.name == "escalation":
            values["escalation"] = _escalation(value)
        elif field.name in _PARTS and (value is not None or _default(field) is NODEFAULT):
            values[field.name] = _thawed(_PARTS[field.name], value or {})
        else:
            values[field.name] = _given(field, document)
    values["answer"] = values["answer"] or ""
    return Result(**_checked(Result, values))


def _round(document: object) -> Round:
    whole = dict(cast("Mapping[str, Any]", document)) if isinstance(document, Mapping) else dict[str, Any]()
    parts = {"reasoning": Reasoning, "usage": Usage, "cost": Cost, "latency": Latency}
    return _thawed(Round, {**whole, **{name: _thawed(kind, whole.get(name) or {}) for name, kind in parts.items()}})


def _escalation(document: object) -> Escalation | None:
    if document is None:
        return None
    whole = dict(cast("Mapping[str, Any]", document)) if isinstance(document, Mapping) else dict[str, Any]()
    steps = tuple(_thawed(EscalationStep, step) for step in array(whole.get("attempts")))
    levels = tuple(level for level in array(whole.get("levels")) if isinstance(level, str))
    if not levels or whole.get("ended") not in get_args(EscalationEnd):
        return None
    return _thawed(Escalation, {**whole, "attempts": steps, "levels": levels})


def _shape(document: object) -> ShapeReceipt | None:
    if document is None:
        return None
    whole = dict(cast("Mapping[str, Any]", document)) if isinstance(document, Mapping) else dict[str, Any]()
    second = whole.get("second")
    second = None if second is None else _thawed(ShapingCall, second)
    return _thawed(ShapeReceipt, {**whole, "changes": _changes(whole), "second": second})


def _tools(document: object) -> ToolsReceipt | None:
    if document is None:
        return None
    whole = dict(cast("Mapping[str, Any]", document)) if isinstance(document, Mapping) else dict[str, Any]()
    declared = tuple(
        _thawed(SentTool, {**obj(tool), "changes": _changes(obj(tool))}) for tool in array(whole.get("declared"))
    )
    return _thawed(ToolsReceipt, {**whole, "declared": declared})


def _tool_call(document: object) -> ToolCall:
    return _thawed(ToolCall, {**obj(document), "errors": tuple(map(str, array(obj(document).get("errors"))))})


def _changes(whole: Mapping[str, Any]) -> tuple[ShapeChange, ...]:
    return tuple(_thawed(ShapeChange, change) for change in array(whole.get("changes")))


def _thawed(kind: type[_Part], document: object) -> _Part:
    if not isinstance(document, Mapping):
        raise ValueError(f"{document!r} is no {kind.__name__}")
    known = cast("Mapping[str, Any]", document)
    values = {field.name: _given(field, known) for field in _fields_of(cast("Any", kind))}
    return kind(**_checked(kind, values))


def _given(field: _ValueField, document: Mapping[str, Any]) -> Any:
    """The value of a field; what is not there is what the field is by default, else unknown."""
    if field.name not in document:
        default = _default(field)
        return None if default is NODEFAULT else default
    value = document[field.name]
    if value is not None and (field.name == "usd" or field.name.endswith("_usd")):
        try:
            amount = Decimal(value)
        except (InvalidOperation, TypeError):
            amount = Decimal("nan")
        if not amount.is_finite() or abs(amount.adjusted()) > MAX_DOLLARS_TEXT:
            raise ValueError(f"{field.name} cannot be {str(value)[:40]!r}")
        return amount
    return value


def _default(field: _ValueField) -> Any:
    made = getattr(field.default, "factory", None)
    return field.default if made is None else made()


class _ValueField(NamedTuple):
    """A field of a value, and what it is by default, or what makes that."""

    name: str
    default: Any


@cache
def _fields_of(kind: type[Struct]) -> tuple[_ValueField, ...]:
    """The fields, without a look at their types, which are not all there for modules that load late."""
    names, defaults = kind.__struct_fields__, kind.__struct_defaults__
    given = (*(NODEFAULT for _ in range(len(names) - len(defaults))), *defaults)
    return tuple(_ValueField(name, default) for name, default in zip(names, given, strict=True))


def _checked(kind: type[Struct], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the fields of `kind`. Raises `ValueError` for one that is of no type of its field.

    A word that is not on its list, which a newer version may have written, and what must not be unknown are as they
    are by default, where there is such a default.
    """
    checked: dict[str, Any] = {}
    for field in _fields_of(kind):
        value, (options, words) = values[field.name], _options(kind)[field.name]
        is_odd = NoneType not in options if value is None else bool(words) and value not in words
        if is_odd and (default := _default(field)) is not NODEFAULT:
            value = default
        elif value is None and is_odd and kind in (SessionPlace, PieceFate) and field.name in printed_fields(kind):
            raise ValueError(f"{field.name} of the session is not known")
        if value is not None and not any(_fits(value, option) for option in options):
            raise ValueError(f"{field.name} cannot be {str(value)[:40]!r}")
        checked[field.name] = value
    return checked


@cache
def _options(kind: type[Any]) -> Mapping[str, tuple[tuple[Any, ...], tuple[str, ...]]]:
    """The types that each field may have, and the words if it is one of a list."""
    found: dict[str, tuple[tuple[Any, ...], tuple[str, ...]]] = {}
    known = {**vars(checked), **vars(shape_words), **vars(tool_use), **vars(tool_words)}
    for name, hint in get_type_hints(kind, localns=known).items():
        options = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
        words = tuple(word for option in options if get_origin(option) is Literal for word in get_args(option))
        origins = (get_origin(option) or option for option in options)
        found[name] = tuple(str if origin is Literal else origin for origin in origins), words
    return found


def _fits(value: object, option: Any) -> bool:
    if option is Any:
        return True
    if isinstance(value, bool):
        return option is bool
    if isinstance(value, (int, float)) and not abs(value) < _BEYOND_NUMBERS:
        return False
    return isinstance(value, (int, float) if option is float else option)
