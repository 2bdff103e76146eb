"""What a call may cost before it is made: low, expected and high, and the ceiling that budgets count on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from thinkdial.engine.costs.estimate import input_tokens, text_tokens
from thinkdial.engine.costs.forecast import (
    HIDDEN_INPUT_TOKENS,
    MANY_TOKENS,
    affordable_output_tokens,
    ample_usd,
    ceiling_usd,
    forecast,
)
from thinkdial.engine.planning.prepare import Prepared, Prompt, prepare
from thinkdial.engine.results.result import Forecast, totals
from thinkdial.engine.runs.forecasts import forecasts_for
from thinkdial.engine.runs.jobs import Job
from thinkdial.engine.targets.target import resolve
from thinkdial.profiles.config import load_builtin
from thinkdial.profiles.profile import Price, Profile
from thinkdial.providers.errors import Failure
from thinkdial.providers.think import parse_think

from ....cases import each

CONFIG = load_builtin()
AT = datetime(2026, 11, 21, tzinfo=UTC)
PROMPT = Prompt("word " * 993)
"""993 words, and 7 tokens of the template around them: 1,000."""


def prepared(
    provider: str, model: str, value: str = "low", limit: int | None = None, emulate: bool = False, **changes: Any
) -> Prepared:
    profile = replace(Profile("test", provider, model), **changes)
    target = resolve(profile, CONFIG, environment={"AZURE_OPENAI_RESOURCE": "r"})
    return prepare(target, parse_think(value), PROMPT, CONFIG.reference, max_output_tokens=limit, emulate=emulate)


def made(call: Prepared, **more: Any) -> Forecast:
    return forecast(call, PROMPT, AT, **more)


def runs(*tokens: int) -> Any:
    """Runs of the user's with a prompt of about the same size."""
    return lambda provider, host, model, think: [(1000, count) for count in tokens]


def ends(found: Forecast) -> tuple[int | None, int | None, int | None]:
    return found.low_output_tokens, found.expected_output_tokens, found.high_output_tokens


@each(
    "text, least, most",
    [
        ("", 0, 0),
        ("Hello! How can I assist you today?", 8, 10),
        ("one, two", 3, 3),
        ("internationalization", 2, 4),
        ("3.14159265358979", 7, 8),
        ("def f(x):\n        return x + 1\n", 12, 16),
        ("数える。日本語の文章", 8, 10),
        ("Привет, мир", 4, 7),
        ("🍓", 2, 2),
        ("\r\n\r\n", 1, 1),
        ("     ", 1, 1),
    ],
)
def test_tokens_are_estimated_by_kinds_of_characters(text: str, least: int, most: int) -> None:
    assert least <= text_tokens(text) <= most


def test_a_long_text_is_estimated_from_pieces_of_it() -> None:
    line = "The quick brown fox jumps over the lazy dog, 1234 times.\n"
    whole = text_tokens(line) * 10_000
    assert text_tokens(line * 10_000) == pytest.approx(whole, rel=0.05)


def test_the_system_prompt_and_the_template_are_input_too() -> None:
    assert input_tokens("word", None) == 8
    assert input_tokens("word", "be brief") == 8 + 6
    plain, instructed = made(prepared("openai", "gpt-6-sol")), made(prepared("openai", "gpt-6-sol", system="a b c d"))
    assert (plain.input_tokens, instructed.input_tokens) == (1000, 1008)


@each(
    "provider, model, tokens",
    [
        ("anthropic", "claude-opus-4-6", 1000),
        ("anthropic", "claude-opus-4-7", 1300),
        ("anthropic", "claude-sonnet-5-5", 1300),
        ("bedrock", "us.anthropic.claude-opus-5-5", 1300),
        ("openrouter", "anthropic/claude-opus-4.8", 1300),
        ("openrouter", "anthropic/claude-sonnet-4.6", 1000),
    ],
)
def test_claude_counts_thirty_percent_more_since_4_7(provider: str, model: str, tokens: int) -> None:
    assert made(prepared(provider, model)).input_tokens == tokens


def test_every_end_is_priced_at_the_published_price_and_the_worst_case_is_apart() -> None:
    """gpt-6-sol: USD 2 a million in, 10 out. Low counts 850 in, likely high and the worst case 1,400."""
    found = made(prepared("openai", "gpt-6-sol", limit=20_000))
    assert (found.input_tokens, found.input_source) == (1000, "estimated")
    low, expected, high = ends(found)
    assert low and expected and high and 1 < low < expected < high < 20_000
    assert (found.output_source, found.output_runs, found.output_answers) == ("observed", 0, 0)
    assert found.output_limit_tokens == 20_000 and found.price_source == "table"
    usd = (found.low_usd, found.expected_usd, found.likely_high_usd, found.high_usd)
    amounts = (1700 + 10 * low, 2000 + 10 * expected, 2800 + 10 * high, 2800 + 10 * 20_000)
    assert usd == tuple(Decimal(amount) / 1_000_000 for amount in amounts)
    for words in (
        "estimated by kinds of characters",
        "recorded answers of openai's models",
        "for low",
        "no cache hits",
    ):
        assert words in found.method
    assert "worst case: the output limit of 20,000" in found.method


def test_a_short_question_to_three_vendors_is_expected_to_cost_cents() -> None:
    prompt, asked = Prompt("Is 91 prime?"), []
    for provider, model in (("openai", "gpt-6-sol"), ("anthropic", "claude-opus-5-5"), ("google", "gemini-3.5-flash")):
        call = prepared(provider, model, "high")
        asked.append(forecast(call, prompt, AT))
    found = totals(asked)
    assert found.low_usd and found.expected_usd and found.likely_high_usd and found.high_usd
    assert found.low_usd < Decimal("0.01") and Decimal("0.005") < found.expected_usd < Decimal("0.05")
    assert found.expected_usd < found.likely_high_usd < Decimal("0.2") < 1 < found.high_usd


def test_a_count_of_the_provider_is_taken_as_it_is() -> None:
    found = made(prepared("openai", "gpt-6-sol", limit=2000), counted_tokens=500)
    assert (found.input_tokens, found.input_source) == (500, "counted")
    low, _, high = ends(found)
    assert low and high and found.low_usd == Decimal(1000 + 10 * low) / 1_000_000
    assert (found.likely_high_usd, found.high_usd) == (Decimal(1000 + 10 * high) / 1_000_000, Decimal("0.021"))
    assert "counted by the provider" in found.method and "estimated" not in found.method


def test_nothing_that_is_likely_exceeds_the_limit() -> None:
    found = made(prepared("openai", "gpt-6-sol", "high", limit=40))
    assert ends(found) == (40, 40, 40) and "within the limit of 40" in found.method
    assert found.low_usd and found.expected_usd and found.high_usd
    assert found.low_usd < found.expected_usd <= found.high_usd


@each(
    "provider, model, value, source, words",
    [
        ("openai", "gpt-6-sol", "off", "observed", "for no thinking"),
        ("openai", "gpt-6-sol", "low", "observed", "for low"),
        ("openai", "gpt-6-sol", "high", "observed", "for high"),
        ("openai", "gpt-6-sol", "max", "reference", "for max"),
        ("openai", "gpt-6-sol", "2000", "observed", "for a budget of 2,000"),
        ("anthropic", "claude-opus-4-5", "30000", "reference", "for a budget of 30,000"),
        ("openai", "gpt-4.1", "high", "observed", "for no thinking"),
        ("openai", "gpt-6-sol", "auto", "observed", "its default"),
        ("openai", "no-such-model", "low", "observed", "for low"),
    ],
)
def test_recorded_answers_tell_the_output_and_the_reference_table_where_they_end(
    provider: str, model: str, value: str, source: str, words: str
) -> None:
    found = made(prepared(provider, model, value))
    assert found.output_source == source and words in found.method
    low, expected, high = ends(found)
    assert low and expected and high and low <= expected <= high


def test_more_thinking_is_expected_to_take_more() -> None:
    levels = ("off", "low", "medium", "high", "xhigh", "max")
    expected = [made(prepared("openai", "gpt-6-sol", level)).expected_output_tokens or 0 for level in levels]
    assert expected == sorted(expected) and expected[0] < expected[1] < expected[-1] < 5000


def test_a_model_that_decides_itself_is_forecast_from_those_that_do() -> None:
    call = prepared("openai", "gpt-6-sol", "auto")
    free = replace(call, target=replace(call.target, card=replace(call.target.card, absent="on")))
    assert "as much as it likes" in made(free).method and ends(made(free)) == ends(made(call))


def test_emulated_thinking_is_a_dial_that_nobody_has_recorded() -> None:
    found = made(prepared("openai", "gpt-4.1", "high", emulate=True))
    assert found.output_source == "reference" and "for high" in found.method


def test_what_is_not_known_is_null_and_never_0() -> None:
    found = made(prepared("openai", "no-such-model", "auto"))
    assert (found.low_usd, found.expected_usd, found.high_usd, found.price_source) == (None, None, None, None)
    assert (*ends(found), found.output_source, found.output_limit_tokens) == (None,) * 5
    assert found.likely_high_usd is None
    assert "not known" in found.method and "no output limit is known" in found.method


def test_the_users_own_runs_go_before_recorded_answers() -> None:
    asked: list[tuple[str, str, str]] = []

    def samples(provider: str, host: str, model: str, think: str) -> Sequence[tuple[int | None, int]]:
        asked.append((provider, model, think))
        return [(900, 4000 + 100 * count) for count in range(30)]

    found = made(prepared("openai", "gpt-6-sol"), samples=samples)
    assert asked == [("openai", "gpt-6-sol", "low")]
    assert (found.output_source, found.output_runs) == ("history", 30)
    assert (
        5000 < (found.expected_output_tokens or 0) < 5500 and "of 30 runs of yours with such a prompt" in found.method
    )


def test_few_runs_say_something_and_runs_above_the_limit_are_cut_to_it() -> None:
    call = prepared("openai", "gpt-6-sol", limit=2000)
    few, none = made(call, samples=runs(800, 900, 950)), made(call)
    assert (few.output_source, few.output_runs) == ("observed", 3)
    assert (few.expected_output_tokens or 0) > (none.expected_output_tokens or 0)
    found = made(call, samples=runs(*[9000] * 5))
    assert (found.expected_output_tokens, found.output_runs) == (2000, 5)
    assert found.low_usd and found.high_usd and found.low_usd <= found.high_usd


def test_a_budget_bounds_the_forecast_and_the_models_most_does_without_one() -> None:
    assert made(prepared("openai", "gpt-6-sol", "4000")).output_limit_tokens == 8096
    assert made(prepared("openai", "gpt-6-sol")).output_limit_tokens == 128_000


def test_the_limit_that_a_dialect_must_send_bounds_an_unknown_model_too() -> None:
    assert made(prepared("anthropic", "claude-of-tomorrow", "auto")).output_limit_tokens == 8192


def test_the_profiles_price_and_its_known_name_count() -> None:
    own = made(prepared("openai", "mine", price=Price(Decimal(1), Decimal(2))))
    assert own.low_usd and own.low_usd == Decimal(850 + 2 * (own.low_output_tokens or 0)) / 1_000_000
    assert (own.high_usd, own.price_source) == (None, "profile")
    deployment = made(prepared("azure", "my-deployment", known_as="gpt-4.1"))
    assert deployment.price_source == "table" and deployment.output_limit_tokens


def test_an_output_limit_that_does_not_bound_thinking_is_no_upper_end() -> None:
    call = prepared("openai", "gpt-6-sol", limit=2000)
    card = replace(call.target.card, output_limit_covers_thinking=False)
    unbounded = replace(call, target=replace(call.target, card=card))
    found = made(unbounded)
    assert (found.high_usd, found.output_limit_tokens) == (None, None)
    assert found.expected_output_tokens and "no limit covers the thinking" in found.method
    assert ceiling_usd(unbounded, PROMPT, AT) is None
    silent = replace(unbounded, plan=replace(call.plan, thinks=False))
    assert made(silent).output_limit_tokens == 2000


def test_a_service_tier_in_the_params_has_its_own_price() -> None:
    usual, flex = (
        made(prepared("openai", "gpt-6-sol")),
        made(prepared("openai", "gpt-6-sol", params={"service_tier": "flex"})),
    )
    assert usual.expected_usd and flex.expected_usd and flex.expected_usd < usual.expected_usd
    unheard = made(prepared("openai", "gpt-6-sol", params={"service_tier": "hyperspeed"}))
    assert unheard.expected_usd is None


def test_what_is_ample_is_twice_the_reference_tables_room_and_twice_what_is_likely_above_it() -> None:
    """gpt-6-sol: USD 10 a million out; low is 2,048 tokens of thinking beside 4,096 of answer."""
    call = prepared("openai", "gpt-6-sol")
    nothing, found = ceiling_usd(prepared("openai", "gpt-6-sol", limit=1), PROMPT, AT), made(call)
    assert nothing is not None
    room = ample_usd(call, PROMPT, found, AT)
    assert room is not None and abs(room - nothing - Decimal("0.12288")) < Decimal("0.001")
    long = ample_usd(call, PROMPT, replace(found, high_output_tokens=10_000), AT)
    assert long is not None and abs(long - nothing - Decimal("0.2")) < Decimal("0.001")
    short = prepared("openai", "gpt-6-sol", limit=500)
    assert ample_usd(short, PROMPT, made(short), AT) == ceiling_usd(short, PROMPT, AT)
    silent = prepared("openai", "gpt-4.1", "off")
    assert (ample_usd(silent, PROMPT, made(silent), AT) or 9) < Decimal("0.1")
    stranger = prepared("openai", "no-such-model")
    assert ample_usd(stranger, PROMPT, made(stranger), AT) is None


def test_totals_count_what_they_lack() -> None:
    known = made(prepared("openai", "gpt-6-sol", limit=2000))
    unpriced = made(prepared("openai", "no-such-model"))
    unbounded = replace(known, high_usd=None)
    found = totals([known, unpriced, unbounded, None])
    assert known.low_usd is not None
    assert (found.calls, found.low_usd, found.low_unknown) == (4, known.low_usd * 2, 2)
    assert (found.expected_unknown, found.high_usd, found.high_unknown) == (2, known.high_usd, 3)
    nothing = totals([unpriced])
    assert (nothing.low_usd, nothing.expected_usd, nothing.high_usd) == (None, None, None)


def test_the_ceiling_counts_every_byte_and_the_dearest_reading_of_it() -> None:
    """gpt-6-sol writes its cache at 1.25 times the input price, by itself."""
    call = prepared("openai", "gpt-6-sol", limit=2000)
    size = len(call.request.body) + HIDDEN_INPUT_TOKENS
    ceiling = ceiling_usd(call, PROMPT, AT)
    found = made(call)
    assert ceiling is not None and found.high_usd is not None and ceiling > found.high_usd
    assert ceiling in (size * Decimal("0.000002") + Decimal("0.02"), size * Decimal("0.0000025") + Decimal("0.02"))


@pytest.mark.parametrize("params", [{"n": 4}, {"tools": [{"type": "web_search"}]}, {"plugins": [{"id": "web"}]}])
def test_nothing_bounds_a_call_that_reads_or_writes_more_than_asked(params: dict[str, Any]) -> None:
    assert ceiling_usd(prepared("openai", "gpt-6-sol", limit=2000, params=params), PROMPT, AT) is None


def test_no_price_means_no_ceiling() -> None:
    call = prepared("openai", "no-such-model", limit=2000)
    assert ceiling_usd(call, PROMPT, AT) is None
    assert affordable_output_tokens(call, PROMPT, Decimal(1), AT) is None


@pytest.mark.parametrize("usd", ["0.02", "0.0333333", "0.1", "1"])
def test_a_grant_pays_for_as_many_tokens_as_fit_and_not_one_more(usd: str) -> None:
    call = prepared("openai", "gpt-6-sol")
    tokens = affordable_output_tokens(call, PROMPT, Decimal(usd), AT)
    assert tokens is not None and tokens > 0
    within = ceiling_usd(replace(call, plan=replace(call.plan, max_output_tokens=tokens)), PROMPT, AT)
    above = ceiling_usd(replace(call, plan=replace(call.plan, max_output_tokens=tokens + 1)), PROMPT, AT)
    assert within is not None and above is not None and within <= Decimal(usd) < above


def test_a_grant_below_the_input_pays_for_nothing_and_free_output_for_anything() -> None:
    call = prepared("openai", "gpt-6-sol")
    assert affordable_output_tokens(call, PROMPT, Decimal("0.0001"), AT) == 0
    free = prepared("openai", "mine", price=Price(Decimal(1), Decimal(0)))
    assert affordable_output_tokens(free, PROMPT, Decimal(1), AT) == MANY_TOKENS


def test_a_forecast_for_each_job_that_can_be_sent_with_one_look_at_each_history() -> None:
    call, dear = prepared("openai", "gpt-6-sol", limit=2000), prepared("openai", "gpt-6-sol", "high")
    patience: Any = None
    jobs = [
        Job("a", "m", call.think, patience, call.target, call),
        Job("a", "m", call.think, patience, refused=Failure("config", "no key")),
        Job("b", "m", call.think, patience, call.target, call),
        Job("b", "m", dear.think, patience, dear.target, dear),
    ]
    looked: list[str] = []

    def samples(provider: str, host: str, model: str, think: str) -> Sequence[tuple[int | None, int]]:
        looked.append(think)
        return [(1000, 100)] * 5

    found = forecasts_for(jobs, PROMPT, AT, counted={2: 77}, samples=samples)
    assert [one and (one.input_tokens, one.input_source) for one in found] == [
        (1000, "estimated"), None, (77, "counted"), (1000, "estimated"),
    ]  # fmt: skip
    assert looked == ["low", "high"]
