"""T5: how many events a second a dialect reads, against cutting the stream and decoding its JSON and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence

import httpx2
from measure import Report, Row, Taken, Target, in_turns, progress, timed
from streams import STREAMS, in_chunks, stream_of

from thinkdial.providers.dialect import WordsRead
from thinkdial.providers.fold import Fold
from thinkdial.providers.framing.sse import Event, SseFramer
from thinkdial.providers.registry import dialect
from thinkdial.providers.schema import Delta

SIZE = 2_000_000
SHORT, LONG = 1_000_000, 50_000_000
CONTENT_TYPE = "text/event-stream"
LONG_ROUNDS = 5


def measure(rounds: int) -> Report:
    """CPU of this process, over streams in chunks as they come from a socket."""
    report: Report = []
    for name in STREAMS:
        progress(f"decoder, {name}")
        chunks = in_chunks(stream_of(name, SIZE))
        events = bare(chunks)
        spent = _turns(
            {
                "bare": lambda chunks=chunks: bare(chunks),
                "decoder": lambda chunks=chunks, name=name: decode(name, chunks),
                "folded": lambda chunks=chunks, name=name: fold(name, chunks),
            },
            rounds,
        )
        for what, key, target in (
            ("decoder", "decoder", Target("T5", "rate", 0.5, at_least=True)),
            ("decoder and fold", "folded", None),
        ):
            rate = spent["bare"].cpu_ratio(spent[key])
            detail = (
                f"{events / spent[key].cpu_s / 1000:.0f} / {events / spent['bare'].cpu_s / 1000:.0f} thousand events/s"
            )
            report.append(Row(f"{name}: {what} / splitter and json.loads", {"rate": rate}, target, detail))
    report += _linear(rounds)
    report.append(_against_httpx2(rounds))
    return report


def bare(chunks: list[bytes]) -> int:
    """Cut and decode; the number of events."""
    framer, count = SseFramer(), 0
    for chunk in chunks:
        for event in framer.feed(chunk):
            count += 1
            if event.data != b"[DONE]":
                json.loads(event.data)
    return count


def decode(name: str, chunks: list[bytes]) -> None:
    for _ in _deltas(name, chunks):
        pass


def fold(name: str, chunks: list[bytes]) -> None:
    folded = Fold()
    for delta in _deltas(name, chunks):
        folded.add(delta)
    reply = folded.reply()
    assert reply.complete, reply.failure


def _deltas(name: str, chunks: list[bytes]) -> Iterator[Delta]:
    """What the dialect makes of a stream, many events at once where it can, as calls read it."""
    framer, decoder = SseFramer(), dialect(name).decoder({})
    go_on: Callable[[Sequence[Event], int], WordsRead] = getattr(decoder, "go_on", lambda *_: ((), 0))
    for chunk in chunks:
        events, at = [*framer.feed(chunk)], 0
        while at < len(events):
            deltas, count = go_on(events, at)
            yield from deltas if count else decoder.feed(events[at])
            at += count or 1
    yield from decoder.close()


def _linear(rounds: int) -> Report:
    """A long stream at the rate of a short one; a single event that grows as well."""
    report: Report = []
    for name in STREAMS:
        progress(f"long streams, {name}")
        short, long = in_chunks(stream_of(name, SHORT)), in_chunks(stream_of(name, LONG))
        sides = {
            # The short one as often as it takes to weigh as much, so that both medians are as steady.
            "short": lambda short=short, name=name: [fold(name, short) for _ in range(10)],
            "long": lambda long=long, name=name: fold(name, long),
        }
        spent = _turns(sides, min(rounds, LONG_ROUNDS))
        rate = spent["short"].cpu_ratio(spent["long"]) * LONG / (10 * SHORT)
        detail = f"{LONG / spent['long'].cpu_s / 1e6:.1f} MB/s"
        report.append(
            Row(
                f"{name}: 50 MB / 1 MB, bytes a second",
                {"rate": rate},
                Target("T5", "rate", 0.8, at_least=True),
                detail,
            )
        )
    return report


def _against_httpx2(rounds: int) -> Row:
    progress("framing against httpx2")
    chunks = in_chunks(stream_of("openai-responses", SIZE))

    def ours() -> int:
        framer = SseFramer()
        return sum(1 for chunk in chunks for _ in framer.feed(chunk))

    def theirs() -> int:
        response = httpx2.Response(
            200, headers={"content-type": CONTENT_TYPE}, content=iter(chunks), request=httpx2.Request("GET", "http://x")
        )
        return sum(1 for _ in httpx2.EventSource(response))

    events = ours()
    assert events == theirs()
    spent = _turns({"ours": ours, "theirs": theirs}, rounds)
    detail = (
        f"{events / spent['ours'].cpu_s / 1000:.0f} / {events / spent['theirs'].cpu_s / 1000:.0f} thousand events/s"
    )
    return Row(
        "SseFramer / httpx2.EventSource, events a second",
        {"rate": spent["theirs"].cpu_ratio(spent["ours"])},
        None,
        detail,
    )


def _turns(work: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Taken]:
    return in_turns({name: lambda run=run: timed(run) for name, run in work.items()}, rounds)
