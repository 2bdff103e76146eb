"""A batch without a command line: a program opens and runs it, hears what happens, and nothing is printed."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from thinkdial.engine.api import run_batch
from thinkdial.engine.batch.end import BatchEnd, BatchOutcome, Ended, summary_document
from thinkdial.engine.batch.listener import NoListener
from thinkdial.engine.batch.options import BatchOptions, Source
from thinkdial.engine.batch.output.summary import Tally
from thinkdial.engine.batch.run import NoWatcher, ready_batch
from thinkdial.engine.results.moments import timestamp
from thinkdial.profiles.config import Config
from thinkdial.providers.errors import ConfigError, UsageError

from .bench import Call, Provider, bad, config_of, good

ROWS = b'{"id": "1", "prompt": "one"}\n{"id": "2", "prompt": "two"}\n'


@dataclass
class Ears:
    """Takes down what is said, what is lost, and what lines come."""

    said: list[str] = field(default_factory=list)
    lost_lines: list[bytes] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)

    def info(self, words: str, *, important: bool = False) -> None:
        self.said.append(words)

    def note(self, words: str, *, important: bool = False) -> None:
        self.said.append(f"note: {words}")

    def interrupted(self) -> None:
        self.said.append("interrupted")

    def lost(self, lines: Sequence[bytes]) -> None:
        self.lost_lines += lines

    @property
    def ids(self) -> list[str]:
        return sorted(json.loads(line)["row_id"] for line in self.lines)


def against(directory: Path, test: Callable[[Config, Provider], Awaitable[None]]) -> None:
    async def main() -> None:
        async with Provider() as provider, asyncio.timeout(60):
            await test(config_of(directory, provider.url, a="", b=""), provider)

    asyncio.run(main())


def rows(directory: Path) -> Path:
    path = directory / "rows.jsonl"
    path.write_bytes(ROWS)
    return path


def test_lines_go_to_a_program_and_nothing_to_the_screen(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    async def test(config: Config, provider: Provider) -> None:
        ears = Ears()
        end = await run_batch(BatchOptions(rows(tmp_path), ears.lines.append, ("a", "b")), config, listener=ears)
        assert ears.ids == ["1", "1", "2", "2"] and len(provider.calls) == 4
        assert end.outcome is BatchOutcome.OK and end.tally.results == 4 and not ears.said

    against(tmp_path, test)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", ["path", "name", "descriptor", "lines"])
def test_rows_come_from_anywhere(kind: str, tmp_path: Path) -> None:
    async def test(config: Config, provider: Provider) -> None:
        path, ears = rows(tmp_path), Ears()
        with path.open("rb") as opened:
            sources: dict[str, Source] = {
                "path": path,
                "name": str(path),
                "descriptor": opened.fileno(),
                "lines": ROWS.splitlines(keepends=True),
            }
            options = BatchOptions(sources[kind], ears.lines.append, ("a",), input_form="jsonl")
            await run_batch(options, config)
            assert ears.ids == ["1", "2"]
            os.fstat(opened.fileno())  # it is still its owner's

    against(tmp_path, test)


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_a_file_remembers_and_tells(form: str, tmp_path: Path) -> None:
    async def test(config: Config, provider: Provider) -> None:
        out, ears = tmp_path / f"out.{form}", Ears()
        options = BatchOptions(rows(tmp_path), out, ("a",))
        await run_batch(options, config)
        before = out.read_bytes()
        again = await run_batch(options, config, listener=ears)
        assert len(provider.calls) == 2 and out.read_bytes() == before
        assert ears.said == [f"{out} holds 2 results; what is missing is run"]
        assert again.ended.tally.results == 0 and (again.tally.results, again.tally.skipped) == (2, 2)

    against(tmp_path, test)


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_a_descriptor_gets_its_head_and_harmless_lines(form: str, tmp_path: Path) -> None:
    async def test(config: Config, provider: Provider) -> None:
        provider.answer = lambda _: good("\x1b[2J\u202e")
        out = tmp_path / "out"
        with out.open("wb") as opened:
            options = BatchOptions(rows(tmp_path), opened.fileno(), ("a",), output_form=form)
            await run_batch(options, config)
        written = out.read_bytes()
        assert b"\xe2\x80\xae" not in written and b"\x1b" not in written
        assert written.startswith(b"row_id,") == (form == "csv") and written.count(b"\n") == 2 + (form == "csv")

    against(tmp_path, test)


def test_a_cancellation_keeps_what_came_and_is_taken_back(tmp_path: Path) -> None:
    async def test(config: Config, provider: Provider) -> None:
        asked, came, ears = asyncio.Event(), asyncio.Event(), Ears()

        def take(line: bytes) -> None:
            ears.lines.append(line)
            came.set()

        async def answer(call: Call) -> bytes:
            if call.prompt == "two":
                asked.set()
                await asyncio.sleep(60)
            return good()

        provider.answer = answer

        async def program() -> BatchEnd:
            end = await run_batch(BatchOptions(rows(tmp_path), take, ("a",)), config)
            await asyncio.sleep(0)  # the program goes on
            return end

        running = asyncio.create_task(program())
        await asyncio.gather(asked.wait(), came.wait())
        running.cancel()
        end = await running
        statuses = sorted(json.loads(line)["status"] for line in ears.lines)
        assert end.outcome is BatchOutcome.INTERRUPTED and statuses == ["cancelled", "ok"]

    against(tmp_path, test)


@pytest.mark.parametrize(
    ("given", "answer", "outcome"),
    [
        (b"", good, BatchOutcome.NO_ROWS),
        (ROWS, good, BatchOutcome.OK),
        (ROWS + b"nonsense\n", good, BatchOutcome.SOME_FAILED),
        (ROWS, lambda: bad(400), BatchOutcome.ALL_FAILED),
    ],
)
def test_how_it_went(given: bytes, answer: Callable[[], bytes], outcome: BatchOutcome, tmp_path: Path) -> None:
    async def test(config: Config, provider: Provider) -> None:
        provider.answer = lambda _: answer()
        options = BatchOptions(given.splitlines(keepends=True), lambda _: None, ("a",), input_form="jsonl")
        end = await run_batch(options, config)
        assert end.outcome is outcome

    against(tmp_path, test)


def test_of_several_outcomes_the_worst_counts(tmp_path: Path) -> None:
    async def test(config: Config, provider: Provider) -> None:
        end = await run_batch(BatchOptions(rows(tmp_path), lambda _: None, ("a",)), config)
        ended = end.ended
        ended.output_problem = ConfigError("the disk is full")
        assert end.outcome is BatchOutcome.OUTPUT_FAILED
        ended.interrupted = True
        assert end.outcome is BatchOutcome.INTERRUPTED
        ended.pipe_closed = True
        assert end.outcome is BatchOutcome.PIPE_CLOSED

    against(tmp_path, test)


def test_results_that_no_longer_fit_are_handed_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(config: Config, provider: Provider) -> None:
        ears, write = Ears(), os.write

        def full(descriptor: int, data: Any) -> int:
            if b'"row_id"' in bytes(data):
                raise OSError(28, "No space left on device")
            return write(descriptor, data)

        monkeypatch.setattr("thinkdial.engine.batch.output.output_file.os.write", full)
        options = BatchOptions(rows(tmp_path), tmp_path / "out.jsonl", ("a",))
        end = await run_batch(options, config, listener=ears)
        assert end.outcome is BatchOutcome.OUTPUT_FAILED
        assert sorted(json.loads(line)["row_id"] for line in ears.lost_lines) == sorted(provider_ids(provider))

    def provider_ids(provider: Provider) -> Iterator[str]:
        return ({"one": "1", "two": "2"}[call.prompt] for call in provider.calls)

    against(tmp_path, test)


def test_what_it_cannot_do_is_said_before_anything_is_sent(tmp_path: Path) -> None:
    async def test(config: Config, provider: Provider) -> None:
        path = rows(tmp_path)
        for options, words in (
            (BatchOptions(path, None, ("a",)), "have to go somewhere"),
            (BatchOptions(path, path, ("a",)), "holds the rows"),
            (BatchOptions(path, tmp_path / "o", ("a",), output_form="xml"), "jsonl or csv"),
            (BatchOptions(path, tmp_path / "o", ("a",), input_form="xml"), "rows are jsonl"),
            (BatchOptions(path, tmp_path / "o", ("a",), variables=(("x", "1"),)), "there is none"),
            (BatchOptions(tmp_path, tmp_path / "o", ("a",)), "is a directory"),
            (BatchOptions(tmp_path / "none", tmp_path / "o", ("a",)), "cannot be read"),
        ):
            with pytest.raises(UsageError, match=words):
                await run_batch(options, config)
        assert not provider.calls

    against(tmp_path, test)


def test_its_own_loop_and_the_summary(tmp_path: Path) -> None:
    """On a loop of its own, as the command line runs it, while the provider has a thread."""
    from thinkdial.simulator import simulator_in_thread

    with simulator_in_thread() as simulator:
        more = f"provider: openai, base_url: '{simulator.base_url}/openai/v1', headers: {{authorization: 'Bearer a'}}"
        config = config_of(tmp_path, "", a=more)
        options = BatchOptions(rows(tmp_path), tmp_path / "out.jsonl", ("a",), template="{{prompt}}!")
        with ready_batch(options, config, NoListener()) as ready:
            assert ready.has_memory and ready.input.source.share() is None
            end = ready.run(NoWatcher())
            assert ready.input.source.share() == 1.0
    at = datetime.now(UTC)
    document = summary_document(end, options, at)
    assert document["created_at"] == timestamp(at) and document["source"] == str(tmp_path / "rows.jsonl")
    assert (document["rows"], document["finished"], document["output"]) == (2, True, str(tmp_path / "out.jsonl"))


def test_what_is_not_finished_is_not_well() -> None:
    tally = Tally()
    assert BatchEnd(Ended(2, 0, tally, finished=True), tally).outcome is BatchOutcome.OK
    assert BatchEnd(Ended(2, 0, tally, finished=False), tally).outcome is BatchOutcome.SOME_FAILED


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_a_batch_is_known_by_its_rows_wherever_they_lie(tmp_path: Path, form: str) -> None:
    async def go(config: Config, provider: Provider) -> None:
        here, there = tmp_path / "here", tmp_path / "there"
        here.mkdir()
        rows, output = here / "rows.jsonl", here / f"out.{form}"
        rows.write_bytes(ROWS)
        await run_batch(BatchOptions(rows, output, ("a",)), config)
        here.rename(there)
        more = b'{"id": "3", "prompt": "three"}\n'
        (there / "rows.jsonl").write_bytes(b'{"id": "0", "prompt": "zero"}\n' + ROWS + more)
        moved = BatchOptions(there / "rows.jsonl", there / output.name, ("a",))
        end = await run_batch(moved, config)
        assert (end.tally.results, end.tally.skipped) == (4, 2) and len(provider.calls) == 4
        await run_batch(moved, config)
        assert len(provider.calls) == 4

    against(tmp_path, go)


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows.replace(b"one", b"another").replace(b"two", b"other"),
        lambda rows: rows.replace(b'"id": "1"', b'"id": "7"').replace(b'"id": "2"', b'"id": "8"'),
        lambda rows: b"",
    ],
)
def test_other_rows_are_another_batch(tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    async def go(config: Config, provider: Provider) -> None:
        rows, others, output = tmp_path / "rows.jsonl", tmp_path / "others.jsonl", tmp_path / "out.jsonl"
        rows.write_bytes(ROWS)
        others.write_bytes(change(ROWS))
        await run_batch(BatchOptions(rows, output, ("a",)), config)
        before = output.read_bytes()
        with pytest.raises(ConfigError, match="another batch: none of its rows is in this input"):
            await run_batch(BatchOptions(others, output, ("a",)), config)
        assert output.read_bytes() == before and len(provider.calls) == 2

    against(tmp_path, go)
