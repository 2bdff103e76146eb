"""What the provider reports of the pieces that were sent back, held against the plan."""

from __future__ import annotations

from typing import Any

import pytest

from thinkdial.engine.planning.report import reported_fates

from .vendors import CLAUDE, OPENAI, SAID, SECRET, SIGNED, XAI, answered, ask, message, output_text, reasoning, response

DROPPED = {"type": "thinking_dropped", "reason": "model_binding_mismatch"}


@pytest.mark.parametrize("path", ["messages[1].content[0]", "messages.1.content.0", "$.messages[1].content[0]"])
def test_what_the_provider_left_out_was_dropped_after_all(path: str) -> None:
    turns = [answered(ask(CLAUDE, "First?"), message(SIGNED, SAID))]
    turns.append(answered(ask(CLAUDE, "Second?", turns), message(SIGNED, SAID), 2))
    prepared = ask(CLAUDE, "Third?", turns)
    told = reported_fates(prepared, [{**DROPPED, "path": path}])
    assert [(fate.turn, fate.fate, fate.reason) for fate in told] == [
        (1, "dropped", "anthropic left it out (model binding mismatch)"), (2, "kept", "it goes back as it came")
    ]  # fmt: skip
    let = {"type": "thinking_mismatch_allowed", "reason": "prefix_binding_mismatch", "path": "messages[3].content[0]"}
    assert [(fate.fate, fate.reason) for fate in reported_fates(prepared, [let])][1] == (
        "kept", "anthropic let it through (prefix binding mismatch)"
    )  # fmt: skip


def test_items_are_named_by_their_id() -> None:
    turn = answered(ask(XAI, "First?"), response(reasoning(encrypted_content=SECRET), output_text("Said.")))
    gone = {"id": "rs_1", "action": "removed", "reason": "organization_mismatch"}
    assert [(fate.fate, fate.reason) for fate in reported_fates(ask(XAI, turns=[turn]), [gone])] == [
        ("dropped", "xai left it out (organization mismatch)")
    ]


def test_entries_without_a_name_mean_all_that_was_kept_if_there_are_as_many() -> None:
    turn = answered(ask(OPENAI, "First?"), response(reasoning(encrypted_content=SECRET), output_text("Said.")))
    prepared = ask(OPENAI, turns=[turn])
    gone = {"id": None, "action": "removed", "reason": "turn_boundary"}
    assert [fate.fate for fate in reported_fates(prepared, [gone])] == ["dropped"]
    assert reported_fates(prepared, [gone, gone]) == prepared.continuity.fates


@pytest.mark.parametrize("entry", [{}, {"path": 3}, {"path": "messages[9].content[9]"}, {"id": "rs_9"}, {"id": None}])
def test_a_report_that_names_nothing_of_ours_changes_nothing(entry: dict[str, Any]) -> None:
    prepared = ask(CLAUDE, turns=[answered(ask(CLAUDE, "First?"), message(SIGNED, SAID))])
    assert reported_fates(prepared, [entry]) == prepared.continuity.fates
