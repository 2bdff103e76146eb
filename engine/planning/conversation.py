"""A call that goes on with a conversation: what is written of its turns, and what is asked for besides. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from msgspec.structs import replace

from ...profiles.state.rule import StateRule
from ...profiles.state.rules import state_rule
from ...providers.dialect import Remembering
from ...providers.json_values import obj, parse_json
from ...providers.merge import joined, merged
from ...providers.registry import dialect
from ...providers.schema import Call, Json, Message
from ...providers.turns.pieces import TurnPiece
from ...providers.turns.turn import Exchanged, Turn, plain_text
from ...providers.wires.gathered import has_files
from ..targets.target import Target
from .compaction import shortened
from .continuity.planner import plan_continuity
from .continuity.tool_calls import called_names
from .fates import Continuity, Destination, Past, PieceFate
from .inputs.attached import as_parts, asking, earlier_parts, with_files


def with_past(
    target: Target,
    call: Call,
    past: Past,
    prompted: tuple[TurnPiece, ...],
    account: str | None,
    tools: frozenset[str] = frozenset(),
) -> tuple[Call, Continuity]:
    """`call` with the turns of `past` before its prompt, the pieces `prompted`, and what becomes of the turns' pieces.

    `tools` are the names that the call declares itself.

    Raises `UsageError` as `plan_continuity` does.
    """
    rule = rule_of(target)
    keep = past.options.keep_reasoning or past.policy.over(target.profile.context).keep_reasoning
    past = replace(past, options=replace(past.options, keep_reasoning=keep))
    speech: Any = dialect(target.dialect)
    remembers = cast("Remembering", speech) if hasattr(speech, "write") else None
    if remembers is not None and target.card.control != "none":
        call = replace(call, native=_with_asks(call.native, _asks(rule, past)))
    if not past.sent:
        return (with_files(target, call, prompted, ()) if has_files(prompted) else call), Continuity()
    called = tuple(name for name in called_names(past.turns) if name not in tools)
    if remembers is not None and hasattr(speech, "declare") and called:
        declared: Json = speech.declare(called)
        if tools:  # beside those of the call, and without a word on what is to be called
            declared = {
                name: value for name, value in declared.items() if name in call.native and name != "tool_choice"
            }
        if not declared.keys() & call.params.keys():
            call = replace(call, native=joined(declared, call.native))
    head: Json = {}
    if "prefix" in rule.binds:
        built = speech.build_request(replace(call, written=()), target.base_url, target.use.quirks)
        head = obj(parse_json(built.body))
    destination = Destination(
        provider=target.provider.name,
        endpoint=target.base_url,
        dialect=target.dialect,
        model=call.model,
        rule=rule,
        account=account,
        head=head,
        takes_text_only=remembers is None,
    )

    def write(exchanged: Sequence[Exchanged]) -> list[dict[str, Any]]:
        return remembers.write(exchanged, rule.manner) if remembers is not None else []

    turns, asked = shortened(past, prompted, destination)
    lost: Mapping[tuple[int, int], str] = {}
    if has_files(asked) or any(has_files(turn.asked) for turn in turns):
        call, turns, asked, lost = _with_files(target, call, turns, asked)
    planned = plan_continuity(turns, asked, destination, past.options, write)
    planned = replace(planned, turns=turns, fates=(*_file_fates(turns, lost), *planned.fates))
    if remembers is None:
        return _in_plain_text(call, planned.exchanged), planned
    told = any(fate.fate == "kept" for fate in planned.fates)
    headers = tuple((name, str(value)) for name, value in rule.report_headers.items()) if told else ()
    if (beside := past.turns[-1].goes_on) and not beside.keys() & call.params.keys():
        call = replace(call, native=merged(call.native, beside))
    if told and keep == "all" and not rule.keep_body.keys() & call.params.keys():
        call = replace(call, native=merged(call.native, rule.keep_body))
        headers += tuple((name, str(value)) for name, value in rule.keep_headers.items())
    return replace(call, written=tuple(write(planned.exchanged)), headers=(*call.headers, *headers)), planned


def _with_files(
    target: Target, call: Call, turns: Sequence[Turn], asked: tuple[TurnPiece, ...]
) -> tuple[Call, tuple[Turn, ...], tuple[TurnPiece, ...], Mapping[tuple[int, int], str]]:
    """The same with files as the wire has them, and why those of earlier turns do not go that it does not take."""
    own = as_parts(target, asked)
    made, lost = earlier_parts(target, turns)
    before = (piece for at, turn in enumerate(turns) for piece in turn.asked if made[at] is not turn)
    return asking(target, call, (*before, *asked)), made, own, lost


def _file_fates(turns: Sequence[Turn], lost: Mapping[tuple[int, int], str]) -> Iterator[PieceFate]:
    """The entries of files of earlier turns; a note stands in the place of each that is lost."""
    for (turn, at), why in lost.items():
        yield PieceFate(turn, at, "file", "dropped", why)
    for turn in turns:
        for at, piece in enumerate(turn.asked):
            if piece.kind == "file":
                yield PieceFate(turn.number, at, "file", "kept", "it goes along again, and is billed again")


def rule_of(target: Target) -> StateRule:
    """What the route of `target` does with earlier turns."""
    model = target.profile.known_as or target.profile.model
    return state_rule(target.provider.name, target.dialect, model)


def _asks(rule: StateRule, past: Past) -> Json:
    return merged(rule.asks, rule.asks_to_keep) if past.options.keep_reasoning == "all" else rule.asks


def _with_asks(native: Json, asks: Json) -> Json:
    """`native` with what is asked for: lists are joined, and an object must be there to get another field."""
    fields: dict[str, Any] = {}
    for name, value in asks.items():
        given = native.get(name)
        if isinstance(value, Mapping):
            if isinstance(given, Mapping):
                fields[name] = value
        elif isinstance(value, (list, tuple)):
            listed = [*cast("Sequence[Any]", given)] if isinstance(given, (list, tuple)) else []
            fields[name] = [*listed, *(one for one in cast("Sequence[Any]", value) if one not in listed)]
        else:
            fields[name] = value
    return merged(native, fields) if fields else native


def _in_plain_text(call: Call, exchanged: Sequence[Exchanged]) -> Call:
    """The turns as the text that each side said: all that a dialect without a writer can take."""
    messages: list[Message] = []
    for one in exchanged:
        messages.append(Message("user", plain_text(one.asked)))
        if words := plain_text(one.answered):
            messages.append(Message("assistant", words))
    return replace(call, earlier=tuple(messages[:-1]), prompt=messages[-1].text)
