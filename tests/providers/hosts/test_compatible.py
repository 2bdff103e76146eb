"""Compatible hosts and local servers: where each puts its reasoning, its counts and its failures."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

USAGE = {"prompt_tokens": 10, "completion_tokens": 50, "total_tokens": 60}
REASONED = USAGE | {"completion_tokens_details": {"reasoning_tokens": 40}}
M3, KIMI, QWEN = "MiniMax-M3", "kimi-k3", "Qwen/Qwen3.8-27B"
NEMOTRON, DEEPSEEK = "nvidia/nemotron-3-ultra-550b-a55b", "accounts/fireworks/models/deepseek-v4p1-flash"


@pytest.fixture
def stream(call: Callable[..., Any], wire: Any) -> Callable[..., Any]:
    """The result of a stream of these documents, with `[DONE]` after them."""

    def ran(provider: str, model: str, *documents: Any, done: bool = True, **options: Any) -> Any:
        events = [*documents, wire.done] if done else documents
        return call(provider, model, wire.sse(*events), **options).result

    return ran


def shown(result: Any) -> tuple[str, str | None, str]:
    return result.status, result.reasoning.text, result.answer


def test_moonshot_counts_in_the_choice_and_caches_at_the_top(stream: Any, wire: Any) -> None:
    usage = REASONED | {"cached_tokens": 8}
    last = wire.chunk("stop")
    last["choices"][0]["usage"] = usage
    result = stream("moonshot", KIMI, wire.chunk(reasoning_content="Hm."), wire.chunk(content="3"), last)
    assert shown(result) == ("ok", "Hm.", "3")
    assert (result.usage.input_tokens, result.usage.cached_input_tokens) == (10, 8)
    assert (result.usage.output_tokens, result.reasoning.tokens, result.reasoning.tokens_source) == (50, 40, "reported")


def test_moonshot_is_tried_again_when_it_is_overloaded(call: Any, wire: Any) -> None:
    busy = [wire.said({"error": {"message": "busy", "type": "engine_overloaded_error"}}, s) for s in (429, 503)]
    good = wire.sse(wire.chunk(content="3"), wire.chunk("stop", usage=USAGE), wire.done)
    called = call("moonshot", KIMI, *busy, good)
    assert (called.result.answer, called.result.attempts, called.waits) == ("3", 3, [0.5, 1.0])


def details(text: str) -> list[dict[str, Any]]:
    return [{"type": "reasoning.text", "id": "r1", "format": "MiniMax-response-v1", "index": 0, "text": text}]


@pytest.mark.parametrize(
    "pieces",
    [
        ["The user asks", " how many", " r."],  # what it sends
        ["The user asks", "The user asks how many", "The user asks how many r."],  # what its documentation shows
        ["The", "The user", "The user asks how", "The user asks how many r."],
    ],
)
def test_minimax_sends_details_as_increments_or_as_snapshots(stream: Any, wire: Any, pieces: list[str]) -> None:
    thoughts = [wire.chunk(reasoning_details=details(piece)) for piece in pieces]
    result = stream(
        "minimax", M3, *thoughts, wire.chunk(content="It is "), wire.chunk("stop", content="3", usage=USAGE)
    )
    assert shown(result) == ("ok", "The user asks how many r.", "It is 3")


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (["a", "and", " then"], "aand then"),
        (["ha", "haha", "hahaha"], "hahahahahaha"),
        (["1", "1"], "11"),
        (["x"], "x"),
    ],
)
def test_short_increments_that_begin_alike_are_not_taken_for_snapshots(
    stream: Any, wire: Any, pieces: list[str], text: str
) -> None:
    thoughts = [wire.chunk(reasoning_details=details(piece)) for piece in pieces]
    assert stream("minimax", M3, *thoughts, wire.chunk("stop", content="3")).reasoning.text == text


def test_minimax_repeats_the_answer_as_well_when_it_repeats_the_thoughts(stream: Any, wire: Any) -> None:
    thoughts = [wire.chunk(reasoning_details=details(text)) for text in ("Let me count", "Let me count: three")]
    answers = [wire.chunk(content=text) for text in ("It is three", "It is three, I think.")]
    result = stream("minimax", M3, *thoughts, *answers, wire.chunk("stop", usage=USAGE))
    assert shown(result) == ("ok", "Let me count: three", "It is three, I think.")


def test_minimax_without_split_thinks_in_tags_and_with_both_only_once(stream: Any, wire: Any) -> None:
    tagged = stream(
        "minimax", M3, wire.chunk(content="<think>Hm."), wire.chunk(content="</think>\n\n3"), wire.chunk("stop")
    )
    assert (*shown(tagged), tagged.reasoning.visibility) == ("ok", "Hm.", "3", "inline")
    twice = wire.chunk(reasoning_content="Hm.", reasoning_details=details("Hm."))
    assert shown(stream("minimax", M3, twice, wire.chunk("stop", content="3"))) == ("ok", "Hm.", "3")


def test_minimax_fails_under_200_in_the_middle_of_a_stream(stream: Any, wire: Any) -> None:
    base = {"base_resp": {"status_code": 1033, "status_msg": "system error"}}
    result = stream("minimax", M3, wire.chunk(content="It "), base, done=False)
    assert (result.status, result.answer, result.error.kind) == ("partial", "It ", "server")
    assert result.attempts == 1  # text was shown


def test_fireworks_reasons_in_its_field_or_in_tags(stream: Any, wire: Any) -> None:
    field = (wire.chunk(reasoning_content="Hm."), wire.chunk(content="3"))
    tags = (wire.chunk(content="<think>Hm.</think>3"),)
    for pieces in (field, tags):
        result = stream("fireworks", DEEPSEEK, *pieces, wire.chunk("stop"), wire.tail(USAGE))
        assert (*shown(result), result.usage.output_tokens) == ("ok", "Hm.", "3", 50)
        assert (result.reasoning.tokens_source, result.usage.reasoning_tokens) == ("estimated", None)


@pytest.mark.parametrize(("provider", "model"), [("nvidia", NEMOTRON), ("sglang", QWEN), ("xai", "grok-4.3")])
def test_running_counts_are_replaced_and_not_added(stream: Any, wire: Any, provider: str, model: str) -> None:
    running = [{"prompt_tokens": 10, "completion_tokens": n, "total_tokens": 10 + n} for n in (0, 5, 50)]
    pieces = [wire.chunk(reasoning_content="Hm.", usage=running[0]), wire.chunk(content="3", usage=running[1])]
    options = {"dialect": "openai-chat"} if provider == "xai" else {}
    result = stream(provider, model, *pieces, wire.chunk("stop", usage=running[2]), **options)
    assert (result.usage.input_tokens, result.usage.output_tokens, result.usage.total_tokens) == (10, 50, 60)


def test_running_counts_of_a_broken_stream_are_no_total(stream: Any, wire: Any) -> None:
    result = stream("nvidia", NEMOTRON, wire.chunk(content="3", usage=USAGE), done=False)
    assert (result.status, result.usage.output_tokens, result.cost.usd) == ("partial", None, None)


def test_vllm_names_the_field_reasoning_and_without_parser_sends_only_the_closing_tag(stream: Any, wire: Any) -> None:
    parsed = stream("vllm", QWEN, wire.chunk(reasoning="Hm."), wire.chunk("stop", content="3"), wire.tail(REASONED))
    assert (*shown(parsed), parsed.reasoning.visibility, parsed.reasoning.tokens) == ("ok", "Hm.", "3", "full", 40)
    bare = stream(
        "vllm", QWEN, wire.chunk(content="Hm.</thi"), wire.chunk("stop", content="nk>\n\n3"), wire.tail(USAGE)
    )
    assert (*shown(bare), bare.reasoning.visibility) == ("ok", "Hm.", "3", "inline")


@pytest.mark.parametrize("field", ["reasoning", "content"])
def test_a_count_of_no_reasoning_beside_visible_reasoning_is_told_to_be_wrong(
    stream: Any, wire: Any, field: str
) -> None:
    none = USAGE | {"completion_tokens_details": {"reasoning_tokens": 0}}
    text = "x" * 40 if field == "reasoning" else f"<think>{'x' * 40}</think>"
    result = stream("vllm", QWEN, wire.chunk(**{field: text}), wire.chunk("stop", content="3"), wire.tail(none))
    assert (result.usage.reasoning_tokens, result.reasoning.text) == (0, "x" * 40)
    assert "reasoning_uncounted" in [warning.code for warning in result.warnings]
    plain = stream("vllm", QWEN, wire.chunk("stop", content="3"), wire.tail(none), think="off")
    assert (plain.usage.reasoning_tokens, plain.reasoning.tokens_source, plain.warnings) == (0, "reported", ())
    assert plain.think.verdict == "as_asked"


def test_vllm_and_sglang_fail_in_the_middle_and_still_say_done(stream: Any, wire: Any) -> None:
    for provider, error in (
        ("vllm", {"message": "engine died", "type": "InternalServerError", "param": None, "code": 500}),
        ("sglang", {"object": "error", "message": "engine died", "type": "x", "param": None, "code": 500}),
    ):
        result = stream(provider, QWEN, wire.chunk(reasoning="Hm."), {"error": error})
        assert (result.status, result.reasoning.text, result.finish) == ("partial", "Hm.", "error")
        assert (result.error.kind, result.error.message) == ("server", "engine died")


def test_sglang_counts_reasoning_at_the_top(stream: Any, wire: Any) -> None:
    tail = wire.tail(USAGE | {"reasoning_tokens": 40, "prompt_tokens_details": None})
    result = stream("sglang", QWEN, wire.chunk(reasoning_content="Hm."), wire.chunk("stop", content="3"), tail)
    assert (result.reasoning.tokens, result.reasoning.tokens_source, result.usage.output_tokens) == (40, "reported", 50)
    assert stream("sglang", QWEN, wire.chunk(content="3"), wire.chunk("abort")).finish == "cancelled"


@pytest.mark.parametrize(
    ("counts", "output", "reasoning"),
    [
        ({"completion_tokens": 50, "completion_tokens_details": {"reasoning_tokens": 200}}, 250, 200),
        (
            {"completion_tokens": 50, "total_tokens": 260, "completion_tokens_details": {"reasoning_tokens": 200}},
            250,
            200,
        ),
        ({"completion_tokens": -5, "completion_tokens_details": {"reasoning_tokens": -1}}, None, None),
        ({"completion_tokens": "50", "completion_tokens_details": {"reasoning_tokens": "40"}}, 50, 40),
        ({"completion_tokens": "many", "completion_tokens_details": "none"}, None, None),
        ({"completion_tokens": 50.0, "completion_tokens_details": {"reasoning_tokens": True}}, 50, None),
        ({"completion_tokens": 1e300, "completion_tokens_details": []}, None, None),
    ],
)
def test_counts_that_make_no_sense(stream: Any, wire: Any, counts: Any, output: Any, reasoning: Any) -> None:
    tail = wire.tail({"prompt_tokens": 10} | counts)
    result = stream("together", "zai-org/GLM-5.2", wire.chunk(content="3"), wire.chunk("stop"), tail)
    assert (result.status, result.usage.output_tokens, result.usage.reasoning_tokens) == ("ok", output, reasoning)
    assert result.cost.usd is None or result.cost.usd >= 0


BYOK = {"cost": 0.0005, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.0095}}
RESPONSE = {"id": "r1", "model": "m", "status": "completed", "output": [
    {"type": "message", "content": [{"type": "output_text", "text": "3"}]}]}  # fmt: skip
COUNTS = {"input_tokens": 10, "output_tokens": 50, "total_tokens": 60}


@pytest.mark.parametrize(
    ("usage", "usd"),
    [
        ({"cost": 0.0125, "is_byok": False, "cost_details": {"upstream_inference_cost": 0.0095}}, "0.0125"),
        (BYOK, "0.0100"),
        ({"cost": "1e-7"}, "1E-7"),
    ],
)
def test_openrouter_bills_and_for_a_key_of_ones_own_adds_what_the_host_takes(
    stream: Any, wire: Any, usage: Any, usd: str
) -> None:
    pieces = (": OPENROUTER PROCESSING", wire.chunk(content="3"), wire.chunk("stop"), wire.tail(REASONED | usage))
    result = stream("openrouter", "anthropic/claude-opus-5", *pieces)
    assert (result.cost.usd, result.cost.source) == (Decimal(usd), "provider")


def test_openrouter_says_only_a_part_of_the_bill(stream: Any, wire: Any) -> None:
    tail = wire.tail(REASONED | {"cost": 0.0005, "is_byok": True})
    result = stream("openrouter", "anthropic/claude-opus-5", wire.chunk(content="3"), wire.chunk("stop"), tail)
    assert result.cost.source != "provider"


@pytest.mark.parametrize(
    ("provider", "model", "usage", "usd"),
    [
        ("xai", "grok-4.3", {"cost_in_usd_ticks": 158500000}, "0.01585"),
        ("perplexity", "perplexity/sonar", {"cost": {"total_cost": 0.00042, "currency": "USD"}}, "0.00042"),
    ],
)
def test_the_bill_of_xai_is_in_ticks_and_that_of_perplexity_in_dollars(
    call: Any, wire: Any, provider: str, model: str, usage: Any, usd: str
) -> None:
    completed = {"type": "response.completed", "response": RESPONSE | {"usage": COUNTS | usage}}
    delta = {"type": "response.output_text.delta", "delta": "3"}
    for reply in (wire.sse(delta, completed), wire.said(RESPONSE | {"usage": COUNTS | usage})):
        result = call(provider, model, reply).result
        assert (result.answer, result.cost.usd, result.cost.source) == ("3", Decimal(usd), "provider")


def test_xai_chat_counts_reasoning_beside_the_output_and_bills_in_ticks(stream: Any, wire: Any) -> None:
    usage = {"prompt_tokens": 197, "completion_tokens": 1, "total_tokens": 344,
             "completion_tokens_details": {"reasoning_tokens": 146}, "cost_in_usd_ticks": 12345678}  # fmt: skip
    result = stream("xai", "grok-4.3", wire.chunk("stop", content="3"), wire.tail(usage), dialect="openai-chat")
    assert (result.usage.output_tokens, result.reasoning.tokens, result.cost.usd) == (147, 146, Decimal("0.0012345678"))
