"""What providers publish about their models, and what no publication can make a reader do."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from thinkdial.providers.catalogue import READERS, Published, next_page, ollama_show
from thinkdial.providers.think import THINKING_LEVELS, Level

from ..cases import each

JUNK: list[Any] = [None, True, False, 7, -1, 0.5, 10**30, "", "x", [], [[1]], [None, {}, 7], {}, {"a": {"b": 1}}]
L, M, H, X = Level.LOW, Level.MEDIUM, Level.HIGH, Level.XHIGH


def can(yes: bool) -> dict[str, bool]:
    return {"supported": yes}


ANTHROPIC = {
    "data": [
        {
            "id": "claude-a",
            "type": "model",
            "max_input_tokens": 1000000,
            "max_tokens": 128000,
            "capabilities": {
                "thinking": {"supported": True, "types": {"adaptive": can(True), "disabled": can(False)}},
                "effort": {"supported": True, "low": can(True), "high": can(True), "max": can(False), "new": can(True)},
            },
        },
        {"id": "claude-b", "capabilities": {"thinking": {"types": {"enabled": can(False), "disabled": can(True)}}}},
        {
            "id": "claude-c",
            "capabilities": {"thinking": {"types": {"adaptive": can(True), "between_tools": can(True)}}},
        },
        {"id": "claude-d"},
    ],
    "has_more": True,
    "last_id": "claude-d",
}
GOOGLE = {
    "models": [
        {"name": "models/gemini-a", "inputTokenLimit": 1048576, "outputTokenLimit": 65536, "thinking": True},
        {"name": "models/gemini-b", "thinking": False},
        {"name": "models/gemini-c", "thinking": "yes"},
    ],
    "nextPageToken": "t",
}
XAI = {
    "data": [
        {
            "id": "grok-a",
            "aliases": ["grok-a-latest"],
            "context_length": 500000,
            "capabilities": {"reasoning_effort": ["none", "low", "high"], "default_reasoning_effort": "low"},
        },
        {"id": "grok-b", "capabilities": {"reasoning_effort": ["LOW", "xhigh"]}},
        {"id": "grok-c"},
    ]
}
OPENROUTER = {
    "data": [
        {
            "id": "v/a",
            "context_length": 200000,
            "top_provider": {"max_completion_tokens": 64000},
            "reasoning": {
                "mandatory": True,
                "default_enabled": True,
                "default_effort": "medium",
                "supported_efforts": ["xhigh", "high", "medium", "low"],
                "supports_max_tokens": True,
            },
        },
        {"id": "v/everything", "reasoning": {"mandatory": False, "supported_efforts": None, "default_effort": "none"}},
        {"id": "v/switch", "reasoning": {"default_enabled": True}},
        {"id": "v/asked", "reasoning": {"default_enabled": False, "default_effort": "medium"}},
        {"id": "v/plain"},
        {"id": "v/null", "reasoning": None},
        {"id": "v/empty", "reasoning": {}},
        {"id": "openrouter/auto"},
    ]
}
PAGES = {"anthropic": ANTHROPIC, "google": GOOGLE, "xai": XAI, "openrouter": OPENROUTER}


def read(style: str, document: Any = None) -> dict[str, Published]:
    return {found.model: found for found in READERS[style](PAGES[style] if document is None else document)}


def test_anthropic_lists_types_and_efforts() -> None:
    assert read("anthropic") == {
        "claude-a": Published("claude-a", True, (L, H), False, None, 1000000, 128000),
        "claude-b": Published("claude-b", thinks=False, can_be_off=True),
        "claude-c": Published("claude-c", thinks=True, can_be_off=True),
        "claude-d": Published("claude-d"),
    }


def test_google_says_whether_and_not_how() -> None:
    assert read("google") == {
        "gemini-a": Published("gemini-a", thinks=True, context_tokens=1048576, max_output_tokens=65536),
        "gemini-b": Published("gemini-b", thinks=False),
        "gemini-c": Published("gemini-c"),
    }


def test_xai_lists_efforts_under_every_name() -> None:
    told = {"levels": (L, H), "can_be_off": True, "absent": "low", "context_tokens": 500000}
    assert read("xai") == {
        "grok-a": Published("grok-a", **told),
        "grok-a-latest": Published("grok-a-latest", **told),
        "grok-b": Published("grok-b", levels=(L, X), can_be_off=False),
        "grok-c": Published("grok-c"),
    }


def test_openrouter_tells_everything_from_nothing() -> None:
    assert read("openrouter") == {
        "v/a": Published("v/a", True, (L, M, H, X), False, "medium", 200000, 64000, True),
        "v/everything": Published("v/everything", True, THINKING_LEVELS, True, "off", takes_budget=False),
        "v/switch": Published("v/switch", True, absent="on", takes_budget=False),
        "v/asked": Published("v/asked", True, absent="off", takes_budget=False),
        "v/plain": Published("v/plain", False),
        "v/null": Published("v/null", False),
        "v/empty": Published("v/empty", True, takes_budget=False),
        "openrouter/auto": Published("openrouter/auto"),
    }


@each(
    ("shown", "thinks", "levels", "can_be_off", "absent"),
    [
        ({"thinking": {"values": [True, False], "default": True}}, True, None, True, "on"),
        ({"thinking": {"values": ["low", "medium", "high"], "default": "medium"}}, True, (L, M, H), False, "medium"),
        ({"thinking": {"values": [False, "low", "high"], "default": False}}, True, (L, H), True, "off"),
        ({"thinking": {"values": [False], "default": False}}, False, None, True, "off"),
        ({"capabilities": ["completion", "thinking"]}, True, None, None, None),
        ({"capabilities": ["completion"]}, False, None, None, None),
        ({"thinking": {}, "details": {}}, None, None, None, None),
        ({}, None, None, None, None),
    ],
)
def test_ollama_is_asked_model_by_model(shown: Any, thinks: Any, levels: Any, can_be_off: Any, absent: Any) -> None:
    assert list(ollama_show(shown, "m")) == [Published("m", thinks, levels, can_be_off, absent)]


def test_pages_follow_each_other() -> None:
    assert next_page("anthropic", ANTHROPIC) == {"after_id": "claude-d"}
    assert next_page("google", GOOGLE) == {"pageToken": "t"}
    last = ({"anthropic": ANTHROPIC | {"has_more": False}, "google": {"models": [], "nextPageToken": ""}}).items()
    assert [next_page(style, page) for style, page in last] == [None, None]
    assert [next_page(style, PAGES[style]) for style in ("xai", "openrouter")] == [None, None]


def paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from paths(item, (*at, key))


def replaced(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    result = copy.copy(document)
    result[path[0]] = replaced(document[path[0]], path[1:], value)
    return result


SHOWN = {"capabilities": ["thinking"], "thinking": {"values": [True, "low"], "default": "low"}}
ALL: list[tuple[str, Callable[[Any], Iterator[Published]], Any]] = [
    *[(style, reader, PAGES[style]) for style, reader in READERS.items()],
    ("ollama", lambda document: ollama_show(document, "m"), SHOWN),
]


@pytest.mark.parametrize(("style", "reader", "page"), ALL, ids=[style for style, _, _ in ALL])
def test_values_of_any_type_anywhere_raise_nothing(style: str, reader: Any, page: Any) -> None:
    for path in paths(page):
        for junk in JUNK:
            document = replaced(page, path, junk)
            next_page(style, document)
            for found in reader(document):
                assert isinstance(found.model, str)
                assert found.thinks in (None, True, False) and found.can_be_off in (None, True, False)
                assert found.levels is None or set(found.levels) <= set(THINKING_LEVELS)
                assert found.absent is None or found.absent in {"on", "off", *THINKING_LEVELS}
                assert found.context_tokens is None or found.context_tokens >= 0
