"""Counting endpoints: asked where that is wanted, with all that goes along, and believed before every estimate."""

from __future__ import annotations

import pytest

from .conftest import Talk, strings

LONG = "one two three four five six seven " * 60


@pytest.mark.parametrize(
    ("profile", "path"), [("opus", "count_tokens"), ("gemini", "countTokens"), ("gpt", "input_tokens")]
)
def test_the_whole_session_is_counted_where_that_is_asked_for(talk: Talk, profile: str, path: str) -> None:
    talk.ask(f"First. {LONG}", profile)
    before = len(talk.requests)
    talk.ask("Second?", profile)
    assert not any(path in one.path for one in talk.requests[before:])
    before = len(talk.requests)
    talk.ask("Third?", profile, "--count", "-y")
    (counted,) = [one for one in talk.requests[before:] if path in one.path]
    said = "\n".join(strings(counted.body))
    assert all(words in said for words in ("First.", "Second?", "Third?"))


def test_a_count_decides_whether_a_session_is_full(talk: Talk) -> None:
    talk.ask(f"First. {LONG}", "opus")
    before = len(talk.requests)
    refused = talk.ask("Second?", "opus", "--count", "-y", "--context-tokens", "100", ok=False)
    assert [one.path.rpartition("/")[2] for one in talk.requests[before:]] == ["count_tokens"]
    assert refused["error"]["kind"] == "context_length"
