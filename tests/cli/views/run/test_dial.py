"""The think column never claims what was not sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thinkdial.cli.views.run.dial import asked_to_sent, native_words, sent, think_path
from thinkdial.engine.results.result import Reasoning, Result, ThinkReceipt
from thinkdial.providers.errors import Failure

from ....cases import each


@each(
    ("native", "words"),
    [
        ({}, "default"),
        ({"thinking": {"type": "adaptive", "display": "summarized"}, "output_config": {"effort": "high"}}, "high"),
        ({"thinking": {"type": "enabled", "budget_tokens": 8192, "display": "summarized"}}, "8,192"),
        ({"thinking": {"type": "disabled"}}, "off"),
        ({"thinking": {"type": "between_tools"}}, "between tools"),
        ({"reasoning": {"effort": "xhigh", "summary": "auto"}}, "xhigh"),
        ({"reasoning": {"effort": "none"}}, "off"),
        ({"reasoning": {"summary": "auto"}}, "default"),
        ({"reasoning": {"max_tokens": 2000}}, "2,000"),
        ({"max_tokens": 2000}, "default"),
        ({"reasoning_effort": "low"}, "low"),
        ({"generationConfig": {"thinkingConfig": {"includeThoughts": True, "thinkingLevel": "MINIMAL"}}}, "minimal"),
        ({"generationConfig": {"thinkingConfig": {"thinkingBudget": 0}}}, "off"),
        ({"generationConfig": {"thinkingConfig": {"thinkingBudget": -1}}}, "dynamic"),
        ({"generationConfig": {"maxOutputTokens": 9}}, "default"),
        ({"enable_thinking": True, "thinking_budget": 4000}, "4,000"),
        ({"chat_template_kwargs": {"enable_thinking": False}}, "off"),
        ({"think": True}, "on"),
        ({"think": "low"}, "low"),
        ({"think": False}, "off"),
        ({"thinking": {"type": "enabled"}, "reasoning_effort": "high", "output_config": {"effort": "high"}}, "high"),
        ({"thinking": {"type": "enabled", "budget_tokens": 99}, "effort": "low"}, "99 + low"),
        ({"effort": "\x1b[31mhigh"}, "␛[31mhigh"),
    ],
)
def test_native_fields_in_words(native: dict[str, Any], words: str) -> None:
    assert native_words(native) == words


@each(
    ("fidelity", "expected"),
    [
        ("exact", "high → high"),
        ("assumed", "high → high?"),
        ("mapped", "high → high*"),
        ("clamped", "high → high*"),
        ("emulated", "high → by prompt*"),
        ("unsupported", "high → not sent*"),
        ("default", "high → default"),
    ],
)
def test_what_was_not_sent_is_never_shown_as_sent(result: Callable[..., Result], fidelity: Any, expected: str) -> None:
    assert asked_to_sent(result(think={"fidelity": fidelity})) == expected


def test_a_request_that_never_left_sent_nothing(result: Callable[..., Result]) -> None:
    assert sent(result(attempts=0)) == "not sent"
    assert sent(result(status="error", error=Failure("config", "no key"))) == "not sent"
    assert sent(result(status="error", error=Failure("budget", "over the limit"))) == "not sent"
    assert sent(result(status="error", error=Failure("server", "oops"))) == "high"


def test_the_path_ends_in_what_was_measured(result: Callable[..., Result]) -> None:
    assert think_path(result()) == "high → high → 312"
    assert think_path(result(reasoning=Reasoning(tokens=1312, tokens_source="estimated"))) == "high → high → ~1,312"
    assert think_path(result(reasoning=Reasoning(tokens=9, tokens_source="derived"))) == "high → high → 9"
    assert think_path(result(reasoning=Reasoning())) == "high → high → –"
    budget = ThinkReceipt("8192", {"thinking": {"budget_tokens": 8192}}, "exact")
    assert think_path(result(think=budget)) == "8k → 8,192 → 312"
