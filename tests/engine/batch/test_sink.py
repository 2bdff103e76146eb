"""The output file: what is done is known, what a crash cut is repaired, what is not ours is left alone."""

from __future__ import annotations

import json
import os
import resource
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from thinkdial.engine.batch.output.lock import FileInUseError
from thinkdial.engine.batch.output.output_file import OutputFile, SinkError
from thinkdial.engine.batch.output.works import PASSING_KINDS
from thinkdial.engine.batch.rows.digests import DigestMap, digest_of
from thinkdial.providers.errors import ConfigError

from .made import BATCH, HEADS, line, read_cells, work

FORMS = ["jsonl", "csv"]
ANSWER = 'two\nlines, a "quote", ü\U0001f600\n'


def opened(path: Path, form: str = "jsonl", batch: str = BATCH) -> OutputFile:
    return OutputFile(path, form, batch, HEADS, read_cells)  # type: ignore[arg-type]


def filled(path: Path, form: str, *names: str, answer: str = ANSWER) -> bytes:
    with opened(path, form) as file:
        for name in names:
            file.add(work(name), line(form, work(name), answer), failed=False)
    return path.read_bytes()


def answers(path: Path, form: str) -> list[str]:
    with opened(path, form) as file:
        return [str(found["profile"]) for found in file.documents()]


@pytest.mark.parametrize("form", FORMS)
def test_what_was_done_is_known_again(tmp_path: Path, form: str) -> None:
    path = tmp_path / "out"
    with opened(path, form) as file:
        assert file.state(work("a")) == "missing"
        file.add(work("a"), line(form, work("a"), ANSWER), failed=False)
        file.add(work("b"), line(form, work("b"), kind="server"), failed=True)
        assert (file.state(work("a")), file.state(work("b"))) == ("done", "failed")
    with opened(path, form) as file:
        assert file.resumed == 2 and not file.notes
        assert (file.state(work("a")), file.state(work("b"))) == ("done", "failed")
        assert file.state(work("a", content="other")) == "changed"
        assert file.state(work("a", think="high")) == "missing"
        assert [found["status"] for found in file.documents()] == ["ok", "error"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", PASSING_KINDS)
def test_what_was_not_the_rows_fault_runs_again(tmp_path: Path, form: str, kind: str) -> None:
    path = tmp_path / "out"
    with opened(path, form) as file:
        file.add(work("a"), line(form, work("a"), kind=kind), failed=True)
    with opened(path, form) as file:
        assert file.state(work("a")) == "changed"


@pytest.mark.parametrize("form", FORMS)
def test_a_file_that_is_cut_anywhere_in_its_last_lines_is_repaired(tmp_path: Path, form: str) -> None:
    path = tmp_path / "out"
    one = len(filled(path, form, "a"))
    whole = filled(path, form, "b", "c")
    two = len(whole) - (len(whole) - one) // 2
    assert whole[:two].endswith(b"\n")
    for size in (*range(one, two, 29), *range(two - 2, len(whole))):
        path.write_bytes(whole[:size])
        with opened(path, form) as file:
            states = [file.state(work(name)) for name in "abc"]
            if form == "jsonl" and size in (two - 1, len(whole) - 1):  # only the line break is missing
                assert states == ["done", "done", "missing" if size < two else "done"]
            else:
                assert states == ["done", "done" if size >= two else "missing", "missing"], size
            for name, state in zip("abc", states, strict=True):
                if state == "missing":
                    file.add(work(name), line(form, work(name), ANSWER), failed=False)
        assert path.read_bytes() == whole


@pytest.mark.parametrize("form", FORMS)
def test_a_file_that_is_cut_in_its_first_line_is_begun_anew(tmp_path: Path, form: str) -> None:
    path = tmp_path / "out"
    whole = filled(path, form, "a")
    for size in (*range(40), *range(40, len(whole) - 1, 7)):
        path.write_bytes(whole[:size])
        with opened(path, form) as file:
            assert file.state(work("a")) == "missing"
            file.add(work("a"), line(form, work("a"), ANSWER), failed=False)
        assert path.read_bytes() == whole


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "content",
    [
        b"hello", b"hello\n", b"{}", b"{}\n", b'{"a": 1}\n{"b"', b"a,b\n1,2\n", b"a,b\n1,2", b"\x00\x01", b"[]\n",
        b"5\n",
        b'{"work": "zz", "status": "ok", "batch": "0123456789abcdef"}\n', b'"text"', b"{\n", b"\n", b'row_id,"x',
    ],
)  # fmt: skip
def test_a_file_that_is_not_ours_is_refused_and_left_as_it_is(tmp_path: Path, form: str, content: bytes) -> None:
    path = tmp_path / "out"
    path.write_bytes(content)
    with pytest.raises(ConfigError):
        opened(path, form)
    assert path.read_bytes() == content
    opened(tmp_path / "other", form).__exit__(None, None, None)


@pytest.mark.parametrize("form", FORMS)
def test_results_of_another_batch_are_left_alone(tmp_path: Path, form: str) -> None:
    path = tmp_path / "out"
    content = filled(path, form, "a") + b"torn"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="another batch"):
        opened(path, form, "ffffffffffffffff")
    assert path.read_bytes() == content


def test_a_csv_line_that_somebody_broke_costs_none_of_those_after_it(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    whole = filled(path, "csv", "a", "b", "c", answer="plain")
    lines = whole.splitlines(keepends=True)
    for broken in (b"a,b\n", b'a"b,"c"d\n', lines[2].replace(b",plain,", b',"plain,'), b"\n"):
        content = b"".join([*lines[:2], broken, *lines[3:]])
        path.write_bytes(content)
        with pytest.raises(ConfigError):
            opened(path, "csv")
        assert path.read_bytes() == content


@pytest.mark.parametrize("form", FORMS)
def test_answers_of_any_length_are_read_back(tmp_path: Path, form: str) -> None:
    path = tmp_path / "out"
    filled(path, form, "a", "b", answer="x" * 300_000)
    with opened(path, form) as file:
        assert (file.state(work("a")), file.state(work("b")), file.notes) == ("done", "done", [])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("answer", ["a\rb", "a\r\nb\r", "\r", "a\0b", "\x1c\x85\u2028", "=1+1", '"', "'", ""])
def test_answers_of_any_characters_are_read_back(tmp_path: Path, form: str, answer: str) -> None:
    path = tmp_path / "out"
    filled(path, form, "a", "b", answer=answer)
    with opened(path, form) as file:
        assert (file.state(work("a")), file.state(work("b")), file.notes) == ("done", "done", [])
        assert len(list(file.documents())) == 2


def test_one_run_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "out"
    with opened(path), pytest.raises(FileInUseError, match="another run"):
        opened(path)
    opened(path).__exit__(None, None, None)


def test_the_lock_of_a_killed_process_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "out"
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom thinkdial.engine.batch.output.lock import lock_file\n"
        "file = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)\nlock_file(file, Path(sys.argv[1]))\n"
        "print('locked', flush=True)\nsys.stdin.read()"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout is not None and holder.stdin is not None
    assert holder.stdout.readline() == b"locked\n"
    with pytest.raises(FileInUseError):
        opened(path)
    holder.kill()
    holder.wait(20)
    opened(path).__exit__(None, None, None)
    holder.stdin.close()
    holder.stdout.close()


@pytest.mark.parametrize("form", FORMS)
def test_lines_that_a_later_one_stands_for_are_moved_away(tmp_path: Path, form: str) -> None:
    path = tmp_path / "out"
    filled(path, form, "a", "b")
    path.chmod(0o640)
    changed = work("a", content="changed")
    with opened(path, form) as file:
        file.add(changed, line(form, changed, "new"), failed=False)
        assert file.tidy() == 1
    with opened(path, form) as file:
        assert (file.resumed, file.state(changed), file.state(work("b"))) == (2, "done", "done")
        assert file.tidy() == 0
    superseded = tmp_path / "out.superseded"
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(superseded.stat().st_mode) == 0o640
    assert line(form, work("a"), ANSWER) == superseded.read_bytes()
    assert sorted(found.name for found in tmp_path.iterdir()) == ["out", "out.superseded"]


@pytest.mark.parametrize("form", FORMS)
def test_lines_are_put_in_order(tmp_path: Path, form: str) -> None:
    path = tmp_path / "out"
    filled(path, form, "c", "a", "x", "b", "y")
    order = DigestMap()
    for place, name in enumerate("abc"):
        order.set(work(name).key, place)
    with opened(path, form) as file:
        assert file.tidy(order) == 0
    sorted_lines = b"".join(line(form, work(name), ANSWER) for name in "abcxy")
    assert path.read_bytes().endswith(sorted_lines)
    assert path.read_bytes() == filled(tmp_path / "again", form, *"abcxy")


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "elsewhere" / "file", tmp_path / "out"
    target.parent.mkdir()
    link.symlink_to(target)
    filled(link, "jsonl", "b", "a")
    order = DigestMap()
    order.set(work("a").key, 0)
    with opened(link) as file:
        file.tidy(order)
    assert link.is_symlink() and json.loads(target.read_bytes().splitlines()[0])["row_id"] == "a"


def test_a_device_is_no_file_that_remembers(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (Path(os.devnull), tmp_path / "pipe"):
        with pytest.raises(ConfigError, match="regular"):
            opened(path)


@pytest.mark.parametrize("form", FORMS)
def test_a_full_disk_leaves_whole_lines_and_says_so(tmp_path: Path, form: str) -> None:
    path = tmp_path / "out"
    before = filled(path, form, "a")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with opened(path, form) as file:
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 100, limits[1]))
        try:
            with pytest.raises(SinkError, match="cannot be written"):
                file.add(work("b"), line(form, work("b"), ANSWER), failed=False)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert path.read_bytes() == before and file.state(work("b")) == "missing"
        file.add(work("b"), line(form, work("b"), ANSWER), failed=False)
    with opened(path, form) as file:
        assert file.state(work("b")) == "done" and not file.notes


def test_a_disk_too_full_to_put_things_in_order_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "out"
    filled(path, "jsonl", "b", "a")
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with opened(path) as file:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
        try:
            assert file.tidy(DigestMap()) == 0
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert any("could not be put in order" in note for note in file.notes)
    assert path.read_bytes() == before and [found.name for found in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("what", ["directory", "missing/file"])
def test_what_cannot_be_a_file(tmp_path: Path, what: str) -> None:
    (tmp_path / "directory").mkdir()
    with pytest.raises(ConfigError, match="cannot be written"):
        opened(tmp_path / what)


def test_cells_that_somebody_wrote_over_do_not_stop_the_summary() -> None:
    cells: dict[str, str] = {"profile": "p", "input_tokens": "many", "total_s": "5e-05", "passed": "true"}
    found: Any = read_cells(cells)
    assert found["latency"]["total_s"] == 5e-05 and found["usage"]["input_tokens"] is None and found["passed"] is True


# The map of digests.


def test_a_map_of_many_digests() -> None:
    made = DigestMap()
    keys = [digest_of(str(number)) for number in range(5000)]
    for number, key in enumerate(keys):
        made.set(key, number)
    assert len(made) == 5000 and [made.get(key) for key in keys] == list(range(5000))
    assert made.get(digest_of("none")) is None
    made.set(keys[7], 2**32 - 1)
    assert made.get(keys[7]) == 2**32 - 1 and len(made) == 5000


def test_a_digest_of_nothing_but_zeros_is_a_key() -> None:
    made = DigestMap()
    assert made.get(bytes(8)) is None
    made.set(bytes(8), 5)
    assert made.get(bytes(8)) == 5
