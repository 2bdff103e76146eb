"""Rows that wait for their results come back as they were."""

from __future__ import annotations

from thinkdial.engine.batch.output.works import Work
from thinkdial.engine.batch.provider.row_file import decode_row, encode_row
from thinkdial.engine.batch.rows.rows import Row
from thinkdial.engine.planning.fates import Past
from thinkdial.providers.schema import Message
from thinkdial.providers.think import parse_think
from thinkdial.providers.turns.pieces import TurnPiece
from thinkdial.providers.turns.turn import Origin, Turn, said

ORIGIN = Origin("anthropic", "https://x", "anthropic-messages", "m", "m-1", None, None, None, is_imported=True)
TURN = Turn(
    1, said("One?"), (TurnPiece("thinking", "t", opaque={"signature": "S"}), TurnPiece("text", "1")), ORIGIN,
    dead=frozenset({0}), reasoning_tokens=7,
)  # fmt: skip


def test_a_row_comes_back_with_the_session_or_the_chat_before_it() -> None:
    think = parse_think("high")
    work = Work("a", "p", "high", b"d" * 16)
    for row in (
        Row(1, 1, "a", "p", b"x" * 16, past=Past((TURN,))),
        Row(1, 1, "a", "p", b"x" * 16, "s", (Message("user", "q"), Message("assistant", "r")), max_output=9),
    ):
        kept = decode_row(encode_row(row, think, work, b"sent"))
        assert (kept.row, kept.think, kept.work) == (row, think, work)
