"""The words in which is told what was asked of a shape, what was changed of it, and what came."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from msgspec import Struct

from ...providers.schema import Json

ShapeFidelity = Literal["native", "tool", "prompt", "two_calls", "unsupported"]
"""By a field of the wire for it; by a tool that the model is made to call; by words in the prompt; by a second call,
which is made with the answer; not at all."""

SchemaChangeKind = Literal["described", "closed", "required", "rewritten", "wrapped", "lost"]
"""`described`: a bound is no longer a rule, but stands in the description. `closed`: no other keys. `required`: a key
that may be left out is null instead. `rewritten`: the same in other words. `wrapped`: the answer stands in an object.
`lost`: cannot be said at all."""

AnswerForm = Literal[
    "clean", "fenced", "in_words", "repeated", "encoded_twice", "in_reasoning", "cut", "empty", "not_json"
]
"""How the JSON came: alone; in a code fence; with words around it; the same twice; as a text that holds it; as
reasoning, with an empty answer. Or it did not come: cut off, nothing at all, no JSON."""

VALUELESS: frozenset[str] = frozenset({"cut", "empty", "not_json"})
"""Forms of answers that hold no JSON."""


class ShapeChange(Struct, frozen=True):
    """One change of a schema: where (a JSON pointer), of which keyword, and what became of it."""

    kind: SchemaChangeKind
    path: str
    keyword: str
    words: str


class ShapingCall(Struct, frozen=True):
    """The second call, which put a free answer into its shape: who made it, and what it took.

    `draft` is that free answer. `result` is the id of the call in the history, `fidelity` how it was asked for JSON,
    and `note` why there is none of it. Counts and money are None where they are not known.
    """

    profile: str
    model: str
    result: str
    status: str
    fidelity: ShapeFidelity
    draft: str
    usd: Decimal | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    total_s: float | None = None
    attempts: int = 0
    note: str | None = None


class ShapeReceipt(Struct, frozen=True):
    """What the answer was asked to be (`schema` or `json`), how that was sent, and in what form the JSON came.

    `fidelity` is `native` by a field of the wire, `tool` by a tool that the model had to call, `prompt` by words,
    `two_calls` by a `second` call, `unsupported` where nothing was sent. `changes` are those of the schema that was
    sent; the answer is held against the schema as it was said. `form` is None where there is no whole answer.
    """

    requested: str
    fidelity: ShapeFidelity
    native: Json
    note: str | None = None
    changes: tuple[ShapeChange, ...] = ()
    form: AnswerForm | None = None
    second: ShapingCall | None = None


class SchemaProblem(Struct, frozen=True):
    """One of `schema_errors`: that of `$.person.age: ...` has the place `person.age`, of the whole an empty one."""

    place: str
    words: str

    @staticmethod
    def parse(text: str) -> SchemaProblem:
        """The parts of `text`."""
        place, _, words = text.partition(": ")
        return SchemaProblem(place.removeprefix("$").removeprefix("."), words)
