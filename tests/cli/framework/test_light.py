"""What is told of options that are given more often than they count."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Cli = Callable[..., Any]


@pytest.mark.parametrize(
    ("options", "name"),
    [
        (("-t", "low", "-t", "high"), "--think"),
        (("-tlow", "--think=high"), "--think"),
        (("-s", "a", "-s", "b"), "--system"),
    ],
)
def test_of_two_values_the_last_counts_and_it_is_said(cli: Cli, options: tuple[str, ...], name: str) -> None:
    ended = cli("plan", "x", "-p", "claude", *options, "--json")
    assert ended.code == 0 and f"note: {name} is given 2 times; the last one counts" in ended.err
    assert ended.json["plans"][0]["think"]["requested"] == ("high" if name == "--think" else "auto")


@pytest.mark.parametrize(
    "options",
    [("-p", "gpt"), ("--json",), ("-s", "-t", "-t", "low"), ("-t", "low", "--", "-t")],
)
def test_what_may_be_given_again_is_not_told(cli: Cli, options: tuple[str, ...]) -> None:
    ended = cli("plan", *(() if "--" in options else ("x",)), "-p", "claude", "--json", *options)
    assert ended.code == 0 and "times" not in ended.err
    assert len(ended.json["plans"]) == (2 if "gpt" in options else 1)


def test_quiet_is_quiet(cli: Cli) -> None:
    assert not cli("plan", "x", "-p", "claude", "-t", "low", "-t", "high", "-q").err
