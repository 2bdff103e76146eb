"""The rules of the dial, for every model: nearest below, never off for a wish to think, and it is always said."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from thinkdial.engine.planning.plan import level_for_budget, nearest_level
from thinkdial.profiles import facts
from thinkdial.profiles.card import Spelling
from thinkdial.profiles.profile import Reference
from thinkdial.providers.think import THINKING_LEVELS, Level

from ...cases import each
from .native import amount, is_sent_as_off, sent_budget, sent_level, taken_levels, takes_budgets, with_doubt
from .routes import BUDGETS, LEVELS, PROVIDERS, UNKNOWN, VALUES, Route, for_every_route, route


@for_every_route
def test_a_higher_level_never_sends_less(each_route: Route) -> None:
    for limit in each_route.limits:
        amounts = [amount(each_route.plan(level, limit=limit)) for level in LEVELS]
        assert amounts == sorted(amounts), (limit, amounts)


@for_every_route
def test_a_higher_budget_never_sends_less(each_route: Route) -> None:
    for limit in each_route.limits:
        amounts = [amount(each_route.plan(budget, limit=limit)) for budget in BUDGETS]
        assert amounts == sorted(amounts), (limit, amounts)


@for_every_route
def test_a_wish_to_think_is_never_off_and_silence_is_said(each_route: Route) -> None:
    for value in (*LEVELS, *BUDGETS):
        for limit in each_route.limits:
            decided = each_route.plan(value, limit=limit)
            assert not is_sent_as_off(decided.native), (value, limit)
            assert decided.requested in (value, "8192")
            if not decided.native:
                said = decided.note or ""
                if decided.fidelity == "unsupported":
                    assert "nothing was sent" in said, (value, limit)
                else:  # a switch that is on by itself
                    assert decided.fidelity == "clamped" and "only knows on and off" in said
                    assert each_route.target.card.absent == "on"
            if decided.fidelity == "unsupported":
                visible = each_route.target.spelling.visible if each_route.target.spelling else {}
                assert decided.native == (visible if decided.thinks else {})
                assert ("only readable reasoning was asked for" in (decided.note or "")) is bool(decided.native)


@for_every_route
def test_off_is_off_where_the_model_can_be_off_and_never_a_level_there(each_route: Route) -> None:
    decided, card = each_route.plan("off"), each_route.target.card
    spelling = each_route.target.spelling
    if card.control == "none" or (
        card.can_be_off and (card.absent == "off" or (spelling and (card.off or spelling.off)))
    ):
        assert decided.fidelity == with_doubt(each_route, decided, "exact") and decided.thinks is False
        assert sent_level(decided) is None and not sent_budget(decided)
        assert is_sent_as_off(decided.native) or (card.absent == "off" and not decided.native) or card.control == "none"
        return
    assert decided.fidelity in ("clamped", "unsupported") and decided.thinks is not False
    words = "has no off on this route" if card.can_be_off else "cannot be turned off"
    assert decided.note and (words if card.known or card.can_be_off else "is not known to have an off") in decided.note
    if taken_levels(each_route):
        assert sent_level(decided) == taken_levels(each_route)[0]


@for_every_route
def test_a_level_goes_to_the_nearest_below_and_else_to_the_least(each_route: Route) -> None:
    taken = taken_levels(each_route)
    for level in THINKING_LEVELS:
        decided = each_route.plan(level.value)
        if not taken:
            assert sent_level(decided) is None or each_route.target.card.control == "switch"
            continue
        below = [other for other in taken if THINKING_LEVELS.index(other) <= THINKING_LEVELS.index(level)]
        assert sent_level(decided) == (below[-1] if below else taken[0])
        assert decided.fidelity == with_doubt(each_route, decided, "exact" if level in taken else "clamped")


@for_every_route
def test_levels_on_budget_models_follow_the_reference_table(each_route: Route) -> None:
    card = each_route.target.card
    if card.control != "budget" or card.budget is None or not takes_budgets(each_route):
        return
    for level, tokens in facts.reference().budgets.items():
        decided = each_route.plan(level)
        room = card.max_output_tokens - 4096 if card.budget.below_output_limit and card.max_output_tokens else 10**9
        assert sent_budget(decided) == min(max(tokens, card.budget.min), card.budget.max, room)
        fidelity = "mapped" if sent_budget(decided) == tokens else "clamped"
        assert decided.fidelity == with_doubt(each_route, decided, fidelity)
    most = each_route.plan("max")
    assert most.fidelity == with_doubt(each_route, most, "mapped")


@for_every_route
def test_a_budget_is_native_exactly_where_the_model_takes_budgets(each_route: Route) -> None:
    card = each_route.target.card
    decided = each_route.plan("4000")
    if takes_budgets(each_route):
        fidelity = with_doubt(each_route, decided, "exact")
        assert sent_budget(decided) == 4000 and decided.fidelity == fidelity
        said = None if fidelity == "exact" else "unverified"
        assert decided.note == (said if card.known else "unknown model")
    elif taken_levels(each_route):
        assert sent_budget(decided) is None and decided.fidelity == with_doubt(each_route, decided, "mapped")
        assert decided.note and "takes levels, not budgets" in decided.note
        # The output limit is the ceiling, where it bounds thinking too.
        if card.output_limit_covers_thinking:
            assert decided.max_output_tokens == 4000 + 4096


@for_every_route
def test_auto_sends_no_wish_and_asks_to_see_what_is_thought_anyway(each_route: Route) -> None:
    decided, card = each_route.plan("auto"), each_route.target.card
    assert decided.fidelity == "default" and decided.note
    assert sent_level(decided) is None and sent_budget(decided) is None and not is_sent_as_off(decided.native)
    if card.control == "none" or (card.absent in (None, "off") and card.control != "fixed"):
        assert decided.native == {}
    else:
        assert decided.native == (each_route.target.spelling.visible if each_route.target.spelling else {})
        if each_route.target.provider.name in PROVIDERS and each_route.target.dialect != "openai-chat":
            assert decided.native


@for_every_route
def test_what_differs_from_the_wish_has_a_note_and_a_warning(each_route: Route) -> None:
    for value in VALUES:
        decided = each_route.plan(value)
        codes = [notice.code for notice in decided.notices]
        if decided.fidelity in ("clamped", "unsupported"):
            assert decided.note and f"think_{decided.fidelity}" in codes
            assert not decided.is_strict
        elif decided.fidelity == "mapped":
            assert decided.note and decided.is_strict
        assert not decided.note or "None" not in decided.note


@for_every_route
def test_the_output_limit_stays_within_the_bounds_of_the_model(each_route: Route) -> None:
    card = each_route.target.card
    for value in VALUES:
        for limit in each_route.limits:
            decided = each_route.plan(value, limit=limit)
            sent = decided.max_output_tokens
            if sent is None:
                assert limit is None
                continue
            assert (card.min_output_limit or 1) <= sent <= (card.max_output_tokens or sent)
            if limit is not None and sent != limit:
                assert any(notice.code == "output_limit" for notice in decided.notices)


REFERENCE = facts.reference()


@each(
    "tokens, level",
    [(1, "low"), (4095, "low"), (4096, "low"), (4097, "medium"), (8192, "medium"), (11_585, "medium"),
     (11_586, "high"), (23_170, "high"), (23_171, "xhigh"), (64_763, "xhigh"), (64_767, "max"), (10_000_000, "max")],
)  # fmt: skip
def test_a_budget_is_the_level_nearest_by_ratio_and_a_tie_goes_down(tokens: int, level: str) -> None:
    assert route("openai", "gpt-6-sol").plan(str(tokens)).level == level


def test_a_tie_between_equal_references_goes_down() -> None:
    same = Reference({**REFERENCE.budgets, "low": 8192, "medium": 8192}, 4096)
    assert route("openai", "gpt-6-sol").plan("10000", reference=same).level == Level.LOW
    odd = Reference({**REFERENCE.budgets, "low": 1000, "medium": 9000}, 4096)
    assert route("openai", "gpt-6-sol").plan("3000", reference=odd).level == Level.LOW
    assert route("openai", "gpt-6-sol").plan("3001", reference=odd).level == Level.MEDIUM


def test_what_max_stands_for_does_not_depend_on_the_output_limit_or_fall_below_xhigh() -> None:
    found = route("openai", "gpt-6-sol")
    assert found.plan("100000", limit=500_000).level == found.plan("100000", limit=1000).level == Level.MAX
    huge = Reference({**REFERENCE.budgets, "xhigh": 300_000}, 4096)
    assert [found.plan(value, reference=huge).level for value in ("150000", "300000", "9000000")] == [Level.XHIGH] * 3
    assert nearest_level(Level.MINIMAL, (Level.MEDIUM, Level.HIGH)) == Level.MEDIUM
    assert level_for_budget.__doc__


@each(
    "value, limit, budget, fidelity, note",
    [
        ("low", 5119, 1024, "clamped", "low → 1024 tokens: the output limit of 5119 must hold thinking and answer"),
        ("low", 6144, 2048, "mapped", "low → 2048 tokens: claude-haiku-4-5 takes budgets, not levels"),
        ("max", 9000, 4904, "clamped", "max → 4904 tokens: the output limit of 9000 must hold thinking and answer"),
        ("max", None, 59904, "mapped", "max → 59904 tokens: claude-haiku-4-5 takes budgets, not levels"),
        ("max", 200_000, 59904, "mapped", "max → 59904 tokens: claude-haiku-4-5 takes budgets, not levels"),
        ("minimal", 1025, 1024, "mapped", "minimal → 1024 tokens: claude-haiku-4-5 takes budgets, not levels"),
        ("high", 1024, None, "unsupported",
         "an output limit of 1024 leaves no room for 1024 tokens, the least budget; nothing was sent"),
        ("4000", 4001, 4000, "exact", None),
        ("4000", 4000, 3999, "clamped", "4000 → 3999 tokens: the output limit of 4000 must hold thinking and answer"),
        ("500", None, 1024, "clamped", "500 → 1024 tokens: claude-haiku-4-5 takes 1024 to 63999 tokens"),
    ],
)  # fmt: skip
def test_budgets_below_the_output_limit(
    value: str, limit: int | None, budget: int | None, fidelity: str, note: str | None
) -> None:
    decided = route("anthropic", "claude-haiku-4-5").plan(value, limit=limit)
    assert (sent_budget(decided), decided.fidelity, decided.note) == (budget, fidelity, note)


def test_where_no_budget_fits_a_model_with_levels_gets_a_level() -> None:
    decided = route("anthropic", "claude-opus-4-6").plan("8000", limit=1000)
    assert decided.native["output_config"] == {"effort": "medium"}
    assert decided.native["thinking"]["type"] == "adaptive"
    assert decided.fidelity == "clamped"
    assert decided.note == (
        "8000 tokens → medium: an output limit of 1000 leaves no room for 1024 tokens, the least budget"
    )


@each(
    "provider, model, value, limit, words",
    [
        (
            "anthropic",
            "claude-haiku-4-5",
            "4000",
            4001,
            "leaves 1 tokens for the answer within an output limit of 4001",
        ),
        ("anthropic", "claude-haiku-4-5", "4000", 5024, None),
        ("anthropic", "claude-haiku-4-5", "100000", None, "leaves 1 tokens"),
        ("google", "gemini-2.5-flash", "16384", 9000, "leaves no tokens for the answer within an output limit of 9000"),
        ("google", "gemini-2.5-flash", "high", 9000, None),
        ("google", "gemini-2.5-flash", "high", None, None),
    ],
)
def test_a_budget_that_leaves_hardly_an_answer_is_warned_about(
    provider: str, model: str, value: str, limit: int | None, words: str | None
) -> None:
    decided = route(provider, model).plan(value, limit=limit)
    said = [notice.message for notice in decided.notices if notice.code == "starvation_risk"]
    assert bool(said) == bool(words)
    if words:
        assert words in said[0]


def test_the_ceiling_of_a_budget_is_never_above_the_model_and_never_replaces_a_limit_that_was_asked_for() -> None:
    found = route("google", "gemini-3.8-flash")
    decided = found.plan("100000")
    assert decided.max_output_tokens == 65536
    assert decided.note and decided.note.endswith("the output limit of 65536 bounds thinking and answer together")
    assert not decided.notices
    assert found.plan("4000", limit=20_000).max_output_tokens == 20_000


@pytest.mark.parametrize(
    "limit, sent, words", [(5, 16, "output limit 5 → 16, the provider's least"), (16, 16, None),
                           (999_999, 128_000, "output limit 999999 → 128000, the model's most")],
)  # fmt: skip
def test_an_output_limit_out_of_bounds(limit: int, sent: int, words: str | None) -> None:
    decided = route("openai", "gpt-6-sol").plan("low", limit=limit)
    assert decided.max_output_tokens == sent
    assert [notice.message for notice in decided.notices] == ([words] if words else [])


def test_a_budget_route_without_a_known_most_still_keeps_budget_below_limit() -> None:
    found = route("anthropic", "claude-haiku-4-5")
    decided = found.plan("high", card=replace(found.target.card, max_output_tokens=None))
    assert decided.max_output_tokens == 16384 + 4096


@pytest.mark.parametrize("provider", ["openai", "anthropic", "google"])
def test_an_unknown_model_is_marked_and_gets_the_usual_fields(provider: str) -> None:
    found = route(provider, "newcomer-9")
    decided = found.plan("xhigh")
    assert decided.note and decided.note.startswith("unknown model; xhigh → high: newcomer-9 has no xhigh")
    assert [notice.code for notice in decided.notices] == ["think_clamped", "unknown_model"]
    off = found.plan("off")
    assert off.fidelity == "clamped"
    assert off.note == "unknown model; off → low: newcomer-9 is not known to have an off; low is its least"
    assert found.plan("auto").native == {}


def test_unusual_routes_say_what_they_cannot() -> None:
    found = route("openai", "gpt-5.4")
    wordless = found.plan("high", spelling=None)
    assert (wordless.fidelity, wordless.thinks) == ("unsupported", False)
    assert wordless.note == "this dialect has no way to say it for this model; nothing was sent"
    assert found.plan("off", spelling=None).note == "not asking is off for this model"
    thinker = route("openai", "gpt-6-sol")
    assert thinker.plan("off", spelling=None).note == "gpt-6-sol has no off on this route; nothing was sent"
    refused = tuple(level.value for level in THINKING_LEVELS)
    assert thinker.plan("high", refuses_levels=refused).fidelity == "unsupported"
    assert thinker.plan("4000", refuses_levels=refused).fidelity == "unsupported"
    no_off = thinker.plan("off", spelling=Spelling("x", level={"effort": "$level"}))
    assert no_off.native == {"effort": "low"}
    assert no_off.note == "off → low: gpt-6-sol has no off on this route; low is its least"


def test_a_switch_and_a_budget_without_numbers() -> None:
    found = route("anthropic", "claude-haiku-4-5")
    switch = replace(found.target.card, control="switch", budget=None)
    spelling = Spelling("x", on={"think": True}, off={"think": False})
    decided = found.plan("low", card=switch, spelling=spelling)
    assert (decided.native, decided.fidelity) == ({"think": True}, "clamped")
    assert decided.note == "low → on: claude-haiku-4-5 only knows on and off"
    nameless = replace(found.target.card, budget=None)
    assert found.plan("low", card=nameless).note == "no budget range is known for claude-haiku-4-5; nothing was sent"
    assert found.plan("4000", card=nameless).fidelity == "unsupported"


@pytest.mark.parametrize("value", ["off", "high", "4000"])
def test_a_model_without_a_dial_is_still_asked_to_think_where_people_can_read_it(value: str) -> None:
    decided = route("minimax", "MiniMax-M2.1").plan(value)
    assert (decided.native, decided.fidelity, decided.thinks) == ({"reasoning_split": True}, "unsupported", True)
    assert decided.note and decided.note.endswith("; only readable reasoning was asked for")
    assert route("xai", "grok-build-0.1").plan(value).native == {}


def test_a_switch_that_this_route_cannot_turn_on() -> None:
    unknown = route("ollama", "newcomer-9", "openai-chat").plan("high")
    assert (unknown.native, unknown.fidelity, unknown.thinks) == ({}, "unsupported", None)
    assert unknown.note == "unknown model; newcomer-9 cannot be switched on by this route; nothing was sent"
    known = route("ollama", "qwen3:8b", "openai-chat").plan("high")  # it is on by itself
    assert (known.native, known.fidelity, known.thinks) == ({}, "clamped", True)


def test_a_budget_near_the_model_s_own_limit_is_warned_about_without_a_limit_of_ours() -> None:
    decided = route("bedrock", "global.anthropic.claude-haiku-4-5-20251001-v1:0").plan("1000000")
    assert (sent_budget(decided), decided.max_output_tokens) == (63_999, None)
    assert "starvation_risk" in [notice.code for notice in decided.notices]


def test_a_route_without_words_for_budgets_says_so() -> None:
    found = route("openrouter", "anthropic/claude-haiku-4.5")
    wordless = found.plan("high", spelling=Spelling("x", level={"effort": "$level"}))
    assert (wordless.native, wordless.fidelity) == ({}, "unsupported")
    assert wordless.note == "anthropic/claude-haiku-4.5 takes no budget on this route; nothing was sent"


@for_every_route
def test_a_level_as_a_budget_leaves_room_for_the_answer_whatever_the_wire(each_route: Route) -> None:
    for limit in (16, 100, 1000, 1025, 4096, 9000):
        for level in LEVELS:
            decided = each_route.plan(level, limit=limit)
            sent, holds = sent_budget(decided), decided.max_output_tokens or limit
            assert sent is None or 0 < sent < holds, (level, limit)
            least = each_route.target.card.budget.min if each_route.target.card.budget else 0
            assert sent is None or sent <= max(least, holds // 4, holds - 4096), (level, limit)


@pytest.mark.parametrize(
    "provider, model",
    [("google", "gemini-2.5-flash"), ("qwen", "qwen3.7-plus"), ("llamacpp", UNKNOWN), ("nvidia", UNKNOWN)],
)
def test_a_budget_that_somebody_chose_is_sent_if_it_is_legal_and_told(provider: str, model: str) -> None:
    found = route(provider, model)
    if not takes_budgets(found):
        model = next(card.example for card in facts.cards(provider) if card.control == "budget")
        found = route(provider, model)
    assert (sent_budget(found.plan("high", limit=1000)) or 0) <= 250
    chosen = found.plan("16384", limit=1000)
    assert sent_budget(chosen) == 16384
    assert [notice.code for notice in chosen.notices if notice.code == "starvation_risk"] == ["starvation_risk"]
