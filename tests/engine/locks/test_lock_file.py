"""Locks as files: what is written is read again, and what is none is refused with its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from thinkdial.engine.locks.lock import Probe
from thinkdial.engine.locks.lock_file import is_lock, lock_text, read_lock
from thinkdial.providers.errors import UnreadableError, UsageError

from .made import entry, lock, sampled

WHOLE = lock(sampled(1), sampled(2, "gpt"), entry("silent", price=None))
ODD = replace(
    WHOLE,
    probes=(
        *WHOLE.probes,
        Probe("odd: #1", "off\n\ttab \u2028 \x7f \U000e0041 *alias &anchor", "no", {"exact": "null"}),
    ),
)


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("made", [WHOLE, ODD])
def test_it_is_read_as_it_was_written(tmp_path: Path, as_json: bool, made: object) -> None:
    path = tmp_path / "thinkdial.lock"
    path.write_text(lock_text(made, as_json=as_json), encoding="utf-8")  # type: ignore[arg-type]
    assert read_lock(path) == made and is_lock(path)


def test_it_has_what_people_look_for() -> None:
    document = json.loads(lock_text(WHOLE, as_json=True))
    first = document["entries"][0]
    assert document["schema"] == "thinkdial.lock/1"
    assert first["reasoning_tokens"]["n"] == 36 and len(first["reasoning_tokens"]["quartiles"]) == 2
    assert first["passed"]["interval_95"][0] < first["passed"]["rate"] < first["passed"]["interval_95"][1]
    assert document["entries"][2]["reasoning_tokens"] is None and document["entries"][2]["price"] is None


def test_json_may_be_written_by_anybody(tmp_path: Path) -> None:
    path = tmp_path / "thinkdial.json"
    path.write_text(json.dumps(json.loads(lock_text(ODD, as_json=True))), encoding="ascii")
    assert read_lock(path) == ODD


BROKEN = [
    (b"", "must be thinkdial.lock/1"),
    (b"schema: thinkdial.lock/2", "a newer version wrote it"),
    (b"schema: thinkdial.lock/1", "probes: must be a list of 1 to"),
    (b"- a\n- b", "must be a mapping"),
    (b"{", "not valid YAML"),
    (b"\xff\xfe\x00", "is not UTF-8"),
    (b"a: &x [1]\nb: *x", "aliases"),
    (b"!!python/object/apply:os.system ['true']", "x.lock"),
    (b"[" * 100_000, "nest"),
    (b"#" * 1_200_000, "larger than 1 MiB"),
]


@pytest.mark.parametrize(("data", "said"), BROKEN)
def test_what_is_no_lock_cannot_be_read(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "x.lock"
    path.write_bytes(data)
    with pytest.raises(UnreadableError, match=r"x\.lock") as found:
        read_lock(path)
    assert said in found.value.message


CHANGES = [
    (("entries", 0, "samples", "nobody"), {}, "is the id of no probe"),
    (("entries", 0, "samples", "p0", "passed"), [2], "whole numbers from 0 to 1"),
    (("entries", 0, "samples", "p0", "reasoning_tokens"), [-1], "whole numbers from 0"),
    (("entries", 0, "samples", "p0", "reasoning_tokens"), ["many"], "whole numbers from 0"),
    (("entries", 0, "samples", "p0", "output_tokens"), [1] * 10_001, "more than 10000 values"),
    (("entries", 0, "price", "input"), "NaN", "amount in USD"),
    (("entries", 0, "price", "source"), "rumour", "is not known"),
    (("entries", 0, "request"), None, "request: is missing"),
    (("entries", 1, "profile"), "claude", "same profile and think value"),
    (("probes", 1, "id"), "p0", "the same id"),
    (("probes", 0, "expect"), {"command": "rm"}, "of the text alone"),
    (("probes", 0, "expect"), {"regex": "("}, "expect"),
    (("entries", 0, "think"), "~300", "a dose is none"),
    (("entries", 0, "think"), "plenty", "is not a think value"),
    (("written_at",), "yesterday", "a time in UTC"),
    (("written_at",), "2026-11-30T12:00:00+25:00", "a time in UTC"),
    (("repeat",), 0, "whole number from 1"),
]


@pytest.mark.parametrize(("path", "value", "said"), CHANGES)
def test_a_value_that_cannot_be_is_named_with_its_place(
    tmp_path: Path, path: tuple[str | int, ...], value: object, said: str
) -> None:
    document = json.loads(lock_text(WHOLE, as_json=True))
    inner = document
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    file = tmp_path / "x.lock"
    file.write_text(json.dumps(document, indent=1), encoding="utf-8")
    with pytest.raises(UnreadableError, match=r"x\.lock:\d+:\d+: ") as found:
        read_lock(file)
    assert said in found.value.message


def test_what_is_not_there_or_a_directory_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="No such file") as found:
        read_lock(tmp_path / "x.lock")
    assert found.value.hint and "lock write" in found.value.hint
    with pytest.raises(UnreadableError, match="cannot be read"):
        read_lock(tmp_path)
    assert not is_lock(tmp_path) and not is_lock(tmp_path / "x.lock")


def test_a_lock_that_could_not_be_read_again_is_not_written() -> None:
    large = replace(WHOLE, probes=(Probe("p", "x" * 1_200_000),))
    with pytest.raises(UsageError, match="larger than 1 MiB"):
        lock_text(large, as_json=False)
