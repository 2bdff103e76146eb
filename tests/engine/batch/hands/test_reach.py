"""A cluster that anybody may use is refused before anything of ours is on it."""

from __future__ import annotations

import pytest

from thinkdial.engine.batch.hands.cluster import reach
from thinkdial.engine.batch.hands.cluster.reach import asks_for_token, check_reach, host_of_address, is_loopback_host
from thinkdial.providers.errors import ConfigError

from ....cases import each


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What clusters say to strangers, by address."""
    known: dict[str, str] = {}
    monkeypatch.setattr(reach, "_said_to_stranger", lambda address: known.get(address, "timed out"))
    return known


@each(
    ("address", "host"),
    [
        ("10.0.0.7:6379", "10.0.0.7"), ("127.0.0.1:6379", "127.0.0.1"), ("[::1]:6379", "::1"), ("auto", None),
        ("ray://head.example:10001", "head.example"), ("ray://head.example:10001/x", "head.example"), ("local", None),
    ],
)  # fmt: skip
def test_the_host_of_an_address(address: str, host: str | None) -> None:
    assert host_of_address(address) == host


def test_loopback_is_this_machine_alone() -> None:
    assert [is_loopback_host(host) for host in ("127.0.0.1", "::1", "localhost", "127.9.9.9")] == [True] * 4
    assert [is_loopback_host(host) for host in ("10.0.0.7", "head.example", "fe80::1", "")] == [False] * 4


def test_one_that_lets_strangers_in_is_refused(said: dict[str, str]) -> None:
    said["10.0.0.7:6379"] = "open"
    with pytest.raises(ConfigError, match=r"10\.0\.0\.7:6379 lets anybody in") as caught:
        check_reach("10.0.0.7:6379")
    assert "RAY_AUTH_MODE=token" in (caught.value.hint or "")


def test_one_that_asks_for_a_token_is_used(said: dict[str, str]) -> None:
    said["10.0.0.7:6379"] = "closed"
    check_reach("10.0.0.7:6379", needs_proof=True)
    assert asks_for_token("10.0.0.7:6379") and not asks_for_token("auto") and not asks_for_token("10.0.0.8:6379")


def test_without_an_answer_nothing_is_proved(said: dict[str, str]) -> None:
    check_reach("10.0.0.7:6379")
    with pytest.raises(ConfigError, match="cannot be found out: timed out"):
        check_reach("10.0.0.7:6379", needs_proof=True)


def test_on_loopback_nobody_is_asked(said: dict[str, str]) -> None:
    said["127.0.0.1:6379"] = "open"
    check_reach("127.0.0.1:6379")
    check_reach("auto")
    with pytest.raises(ConfigError):
        check_reach("127.0.0.1:6379", needs_proof=True)
