"""Conversations over real HTTP with vendors that bind their state, and what a judge needs to know of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from thinkdial.engine.history.store import Store
from thinkdial.engine.sessions.conversation import open_conversation
from thinkdial.providers.turns.turn import Turn
from thinkdial.simulator import LoggedRequest, Simulator

PROFILES = {
    "opus": ("anthropic", "/anthropic", "claude-opus-5-5"),
    "sonnet": ("anthropic", "/anthropic", "claude-sonnet-5-5"),
    "fable": ("anthropic", "/anthropic", "claude-fable-5-1"),
    "gpt": ("openai", "/openai/v1", "gpt-6-sol"),
    "gemini": ("google", "/google", "gemini-4-argon"),
    "mistral": ("mistral", "/mistral", "mistral-large-4"),
    "grok": ("xai", "/xai/v1", "grok-4.7"),
    "deepseek": ("deepseek", "/deepseek", "deepseek-v4-flash"),
    "groq": ("groq", "/groq/openai/v1", "openai/gpt-oss-120b"),
    "cerebras": ("cerebras", "/cerebras/v1", "gpt-oss-120b"),
    "router": ("openrouter", "/openrouter/api/v1", "anthropic/claude-opus-5-5"),
}

GPT_COMPACTS = {"params": {"context_management": [{"type": "compaction", "compact_threshold": 800}]}}
"""What is above 800 tokens is put into the vendor's own short form before it is answered."""


def write_profiles(path: Path, url: str, **changed: dict[str, Any]) -> Path:
    """A configuration of all of them."""
    entries: dict[str, dict[str, Any]] = {}
    for name, (provider, where, model) in PROFILES.items():
        entry = {"provider": provider, "base_url": url + where, "model": model, "api_key_env": "SIM_KEY"}
        entries[name] = entry | changed.get(name, {})
    path.write_text(json.dumps({"profiles": entries}), encoding="utf-8")
    return path


@dataclass
class Talk:
    """A session as somebody outside sees it: what was asked, what was answered, what went over the wire."""

    cli: Callable[..., Any]
    simulator: Simulator
    config: Path
    name: str = "talk"

    def ask(self, prompt: str, profile: str, *more: str, ok: bool | None = True) -> dict[str, Any]:
        """One turn; its result. `ok`: how the command has to end, None for either."""
        ended = self.cli("ask", prompt, "-p", profile, "--session", self.name, "--json", "--config", self.config, *more)
        assert ok is None or (ended.code == 0) is ok, ended.everything
        (result,) = ended.json["results"]
        return result

    def plan(self, prompt: str, profile: str) -> dict[str, Any]:
        """What the turn would be; nothing is sent."""
        asked = ("ask", prompt, "-p", profile, "--session", self.name, "--dry-run", "--json", "--config", self.config)
        ended = self.cli(*asked)
        assert ended.code == 0, ended.everything
        (planned,) = ended.json["plans"]
        return planned

    def run(self, *arguments: str) -> Any:
        """A command about sessions, which has to succeed."""
        ended = self.cli("session", *arguments)
        assert ended.code == 0, ended.everything
        return ended

    def tree(self, name: str | None = None) -> dict[str, Any]:
        return self.run("show", name or self.name, "--json", "--config", str(self.config)).json

    def way(self, name: str | None = None) -> list[dict[str, Any]]:
        """The nodes from the first turn to the one that the session goes on after."""
        tree = self.tree(name)
        nodes = {node["node"]: node for node in tree["nodes"]}
        way, at = list[dict[str, Any]](), tree["tip"]
        while at is not None:
            way.append(nodes[at])
            at = nodes[at]["parent"]
        return way[::-1]

    def turns(self, name: str | None = None) -> tuple[Turn, ...]:
        """What the history holds of the session's way, opaque values and all."""
        with Store.open() as store:
            return open_conversation(store, name or self.name).turns

    @property
    def requests(self) -> list[LoggedRequest]:
        return [one for one in self.simulator.requests if one.method == "POST"]

    def body(self, back: int = 1) -> Any:
        """The body of the latest request, or of an earlier one."""
        return self.requests[-back].body


@pytest.fixture
def talk(cli: Callable[..., Any], simulator: Simulator, tmp_path: Path) -> Talk:
    return Talk(cli, simulator, write_profiles(tmp_path / "talk.yaml", simulator.base_url))


def dollars(amount: Any) -> Decimal:
    """An amount as it is written, which must not be a float."""
    assert isinstance(amount, str), amount
    return Decimal(amount)


def strings(value: Any) -> list[str]:
    """Every text anywhere in a JSON value."""
    match value:
        case str():
            return [value]
        case dict():
            return [text for item in value.values() for text in strings(item)]
        case list():
            return [text for item in value for text in strings(item)]
        case _:
            return []


def fates(result: dict[str, Any], *kinds: str) -> list[tuple[int, str]]:
    """The turn and the fate of each piece that was told of."""
    return [(one["turn"], one["fate"]) for one in result["continuity"] if not kinds or one["kind"] in kinds]
