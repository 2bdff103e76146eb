"""What went along, in a few words: true, short, and said once."""

from __future__ import annotations

import ast
from pathlib import Path

from msgspec.structs import replace

from thinkdial.cli.views.run.continuity import continuity_words, fate_lines, short_reason, went_along
from thinkdial.engine.planning.fates import Fate, PieceFate, SessionPlace
from thinkdial.providers.turns.pieces import PieceKind

from ....cases import each
from ....engine.history.made import result

PLANNER = Path(__file__).resolve().parents[4] / "engine" / "planning" / "continuity"
SAID_OF_WHAT_GOES = ("it goes back", "demands it", "the documented stand-in")
NO_REASONS = (
    " its words go along as a note",
    "go back to the same system text",
    "what was sent before turn",
    "[Reasoning",
)


def fate(
    turn: int, kind: PieceKind = "thinking", what: Fate = "kept", reason: str = "it goes back as it came"
) -> PieceFate:
    return PieceFate(turn, 0, kind, what, reason)


FOREIGN = "it is anthropic's; openai gets the text alone"
LOST = fate(3, what="dropped", reason=FOREIGN)


@each(
    ("turns", "fates", "words"),
    [
        (0, [], ""),
        (1, [], "1 turn"),
        (2, [fate(1), fate(2)], "2 turns, reasoning kept 2"),
        (3, [fate(1), fate(2), LOST], "3 turns, reasoning kept 2, dropped 1: other vendor"),
        (1, [fate(1, "signature", "dummy", "a stand-in")], "1 turn, reasoning stood in for 1"),
        (1, [fate(1, what="converted", reason=f"{FOREIGN}; noted")], "1 turn, reasoning converted 1"),
        (
            2,
            [fate(1, what="dropped", reason=FOREIGN), fate(2, what="dropped", reason="it came incomplete")],
            "2 turns, reasoning dropped 2: other vendor, incomplete",
        ),
        (
            1,
            [fate(1), fate(1, "call", "dropped", "no result of this call was given")],
            "1 turn, reasoning kept 1, other pieces dropped 1: call without result",
        ),
    ],
)  # fmt: skip
def test_a_few_words(turns: int, fates: list[PieceFate], words: str) -> None:
    assert continuity_words(turns, fates) == words


def test_outside_sessions_and_at_the_first_turn_there_is_nothing_to_say() -> None:
    alone = result("a")
    assert went_along(alone) == "" == went_along(replace(alone, session=SessionPlace("tea", "id", 1)))
    assert went_along(replace(alone, session=SessionPlace("tea", "id", 3))) == "2 turns"


def test_turns_with_the_same_fate_share_a_line() -> None:
    fates = [
        fate(1),
        fate(2),
        fate(3, what="dropped", reason=FOREIGN),
        fate(4),
        fate(4, "server_reference", "dropped", "x"),
    ]
    assert fate_lines(fates) == [
        "turns 1-2, 4: thinking kept: it goes back as it came",
        f"turn 3: thinking dropped: {FOREIGN}",
        "turn 4: server reference dropped: x",
    ]


def test_what_a_provider_says_cannot_fill_the_screen() -> None:
    loud = fate(1, what="dropped", reason="\x1b[31m" + "x " * 400)
    assert len(continuity_words(1, [loud])) < 100 and "\x1b" not in continuity_words(1, [loud])
    assert all("\x1b" not in line and len(line) < 400 for line in fate_lines([loud]))


def test_each_reason_of_the_planner_has_a_short_form() -> None:
    reasons = {reason for path in PLANNER.glob("*.py") for reason in _sentences(path)}
    assert len(reasons) > 20
    assert not [reason for reason in reasons if short_reason(reason) in (reason, reason[:39] + "…")]


def _sentences(path: Path) -> set[str]:
    """The texts of a module that are reasons for leaving something out; what is filled in stands as `X`."""
    module = ast.parse(path.read_text(encoding="utf-8"))
    documents = {
        id(node.body[0].value)
        for node in ast.walk(module)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and isinstance(node.body[0], ast.Expr)
    }
    within = {id(part) for node in ast.walk(module) if isinstance(node, ast.JoinedStr) for part in node.values}
    found: set[str] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents | within:
            text = node.value
        else:
            continue
        is_sentence = text.count(" ") >= 3 and not text.endswith(".")
        if is_sentence and not any(words in text for words in (*SAID_OF_WHAT_GOES, *NO_REASONS)):
            found.add(text)
    return found
