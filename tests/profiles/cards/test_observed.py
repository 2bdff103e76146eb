"""The recorded token counts: every row is whole, and is found by the model's other names."""

from __future__ import annotations

from thinkdial.profiles.cards.observed import (
    KINDS,
    OTHERS,
    POOLS,
    ObservedAnswers,
    line_of,
    observed_answers,
    observed_pools,
    observed_vendors,
    vendor_of,
)
from thinkdial.profiles.config import load_builtin
from thinkdial.providers.think import Level

from ...cases import each

LEVELS = {level.value for level in Level}


@each("vendor", observed_vendors())
def test_every_row_is_whole_and_in_the_file_of_its_vendor(vendor: str) -> None:
    rows = observed_answers(vendor)
    assert rows and len({(row.model, row.api, row.asked) for row in rows}) == len(rows)
    for row in rows:
        assert (line_of(row.model), vendor_of(row.model)) == (row.line, vendor) and row.api and row.kind in KINDS
        assert row.n >= 5 and list(row.output) == sorted(row.output) and row.output[0] >= 0
        assert row.level is None or row.level in LEVELS
        assert row.kind != "dial" or (row.level or row.budget_tokens)
        if row.reasoning is not None:
            assert list(row.reasoning) == sorted(row.reasoning) and 0 < row.reasoning_n <= row.n


def test_the_pools_are_of_every_kind() -> None:
    found = observed_pools()
    assert found.as_of == "2026-11" and POOLS not in observed_vendors()
    rows = [row for vendor in observed_vendors() for row in observed_answers(vendor)]
    for kind in KINDS:
        pool = found.of_all(kind)
        assert pool.n == sum(row.n for row in rows if row.kind == kind)
        assert pool.models == len({row.line for row in rows if row.kind == kind})
        assert bool(pool.thinking_tokens) == (kind == "dial")
    low = load_builtin().reference.budgets["low"]
    assert found.of_all("dial").thinking_tokens == low
    silent, free = found.of_all("silent").output, found.of_all("free").output
    assert all(less < more for less, more in zip(silent, free, strict=True)), "who thinks writes more"


@each(
    ("model", "line", "vendor"),
    [
        ("claude-sonnet-4-5-20250929", "claude-sonnet-4-5", "anthropic"),
        ("anthropic/claude-sonnet-4.5", "claude-sonnet-4-5", "anthropic"),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5", "anthropic"),
        ("models/gemini-2.5-flash-preview-09-2025", "gemini-2-5-flash", "google"),
        ("openai/gpt-oss-120b:exacto", "gpt-oss-120b", "openai"),
        ("gpt-4.1-mini-2025-04-14", "gpt-4-1-mini", "openai"),
        ("somebody-s-own", "somebody-s-own", OTHERS),
    ],
)
def test_one_model_has_one_line_wherever_it_is_served(model: str, line: str, vendor: str) -> None:
    assert (line_of(model), vendor_of(model)) == (line, vendor)


def test_what_was_asked_has_a_kind() -> None:
    def kind(asked: str, reasoning: tuple[int, ...] | None = None) -> str:
        return ObservedAnswers("m", "m", "a", asked, 9, (1, 2, 3, 4, 5), reasoning, 9 if reasoning else 0, None).kind

    assert [kind(asked) for asked in ("none", "budget:0", "type:disabled", "think:false")] == ["silent"] * 4
    assert [kind("none", (0, 0, 0, 8, 9)), kind("none", (0, 0, 7, 8, 9))] == ["silent", "free"]
    assert [kind(asked) for asked in ("type:adaptive", "enable:true", "level:low", "budget:1024")] == [
        "free", "free", "dial", "dial",
    ]  # fmt: skip


def test_a_vendor_without_a_file_has_neither_rows_nor_a_pool() -> None:
    assert observed_answers("writer") == () and observed_pools().of("writer", "free") is None
    assert observed_pools().of(OTHERS, "silent") is None, "strangers are no family"
    anthropic = observed_pools().of("anthropic", "dial")
    assert anthropic is not None and anthropic.n == sum(
        row.n for row in observed_answers("anthropic") if row.kind == "dial"
    )
