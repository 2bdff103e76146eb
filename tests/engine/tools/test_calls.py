"""Calls of answers held against what was declared."""

from __future__ import annotations

from thinkdial.engine.tools.calls import read_calls
from thinkdial.engine.tools.choice import ToolChoice
from thinkdial.engine.tools.definitions import Tool
from thinkdial.providers.turns.pieces import TurnPiece

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1}},
    "required": ["city"],
    "additionalProperties": False,
}
TOOLS = (Tool("weather", "", SCHEMA),)


def call(text: str, name: str | None = "weather", *, is_whole: bool = True) -> TurnPiece:
    return TurnPiece("call", text, id="c1", name=name, is_whole=is_whole)


def test_a_call_fits_or_says_where_not() -> None:
    said = [
        (call('{"city": "Oslo", "days": 2}'), ()),
        (
            call('{"city": 7, "days": 0}'),
            ("$.city: 7 is not of type 'string'", "$.days: 0 is less than the minimum of 1"),
        ),
        (call(""), ("$: 'city' is a required property",)),
        (call("{"), ("the arguments are no JSON",)),
        (call('{"city": NaN}'), ("the arguments are no JSON",)),
        (call('{"ci', is_whole=False), ("the call is cut off",)),
        (call('"Oslo"'), ('the arguments are no JSON object: "Oslo"',)),
        (call("{}", "rm"), ("'rm' was not given to the model",)),
        (call("{}", None), ("the call names no tool",)),
    ]
    for piece, errors in said:
        (found,) = read_calls((TurnPiece("text", "hm"), piece), TOOLS)
        assert len(found.errors) == len(errors), piece
        assert all(one.startswith(words) for one, words in zip(found.errors, errors, strict=True)), (piece, found)
        assert found.text == piece.text
    assert read_calls([call('{"city": "Oslo"}')], TOOLS)[0].arguments == {"city": "Oslo"}


def test_a_call_against_the_choice_is_told() -> None:
    piece = call('{"city": "Oslo"}')
    assert read_calls([piece], TOOLS, ToolChoice("none"))[0].errors == ("the model was told to call nothing",)
    assert read_calls([piece], TOOLS, ToolChoice("named", "other"))[0].errors == ("the model was told to call 'other'",)
    assert not read_calls([piece], TOOLS, ToolChoice("any"))[0].errors
