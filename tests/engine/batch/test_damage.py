"""Outputs that a power failure or a stranger has left: repaired, or refused in words, and never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from thinkdial.engine.batch.output.records import end_without_zeros
from thinkdial.engine.batch.shards.join import ShardJoin
from thinkdial.engine.batch.shards.pieces import pieces_of
from thinkdial.providers.errors import ConfigError

from .made import line, work
from .test_sink import ANSWER, FORMS, answers, filled, opened

ZEROS = (1, 4096, 70_000, 65_536)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("size", ZEROS)
def test_pages_of_zeros_behind_any_cut_are_removed(tmp_path: Path, form: str, size: int) -> None:
    path = tmp_path / "out"
    whole = filled(path, form, "a", "b", answer="short")
    for cut in range(0, len(whole) + 1, 37):
        path.write_bytes(whole[:cut])
        expected, kept = answers(path, form), path.read_bytes()
        path.write_bytes(whole[:cut] + bytes(size))
        with opened(path, form) as file:
            assert any(f"{size:,} zero bytes" in note for note in file.notes), cut
            file.add(work("c"), line(form, work("c"), ANSWER), failed=False)
        assert path.read_bytes().startswith(kept) and b"\0" not in path.read_bytes()
        assert len(answers(path, form)) == len(expected) + 1


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("content", [b"an image" + bytes(9000), b'{"schema":"other/1"}\n' + bytes(9)])
def test_a_file_of_somebody_else_keeps_its_zeros(tmp_path: Path, form: str, content: bytes) -> None:
    path = tmp_path / "out"
    path.write_bytes(content)
    with pytest.raises(ConfigError):
        opened(path, form)
    assert path.read_bytes() == content


def test_shards_with_pages_of_zeros_are_joined(tmp_path: Path) -> None:
    whole = filled(tmp_path / "whole", "jsonl", "a", "b")
    for cut, lines in ((len(whole), 2), (len(whole) - 3, 1), (0, 0)):
        (tmp_path / "part-000000.jsonl").write_bytes(whole[:cut] + bytes(5000))
        join = ShardJoin(pieces_of([str(tmp_path / "part-000000.jsonl")]))
        assert join.lines == join.joined.results == lines
        assert bool(join.torn) == (lines == 1)


@pytest.mark.parametrize("odd", [b"[" * 100_000, b'{"a":' * 100_000, b"5", b"[]", b"null", b'{"work": 5}', b"\xff\xfe"])
def test_an_odd_line_is_named_with_its_place(tmp_path: Path, odd: bytes) -> None:
    whole = filled(tmp_path / "out", "jsonl", "a")
    (tmp_path / "out").write_bytes(whole + odd + b"\n" + whole)
    with pytest.raises(ConfigError, match=r"out.*2"):
        opened(tmp_path / "out")
    (tmp_path / "part-000000.jsonl").write_bytes(whole + odd + b"\n")
    with pytest.raises(ConfigError, match=r"part-000000\.jsonl:2"):
        ShardJoin(pieces_of([str(tmp_path / "part-000000.jsonl")]))
    (tmp_path / "out").write_bytes(odd)
    with pytest.raises(ConfigError, match="not a batch"):
        opened(tmp_path / "out")


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, 200_000])
def test_where_the_content_ends(tmp_path: Path, size: int) -> None:
    path = tmp_path / "f"
    for content in (b"", b"a", b"\0a", b"a" * 65_536):
        path.write_bytes(content + bytes(size))
        with path.open("rb") as file:
            assert end_without_zeros(file) == len(content)
