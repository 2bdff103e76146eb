"""Locks as files, YAML or JSON: a change is seen line by line, and a complaint names line and column."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar, cast

from ...profiles.disk import real_path
from ...profiles.sections.section import Section
from ...profiles.yaml_file import MAX_FILE_BYTES, read_yaml
from ...providers.errors import ThinkdialError, UnreadableError, UsageError
from ...providers.schema import Json
from ...providers.think import parse_think
from ...providers.untrusted import harmless_json
from ..checks.expectation import check_expectation, named_part
from ..results.documents import plain
from ..results.moments import timestamp
from ..results.result import CostSource
from ..statistics.intervals import proportion_interval, quantile
from .lock import LOCK_SCHEMA, MEASURES, Lock, LockedPrice, LockedRequest, LockEntry, Probe, ProbeSamples

MOST_PROBES, MOST_ENTRIES, MOST_VALUES, MOST_TOKENS = 1000, 500, 10_000, 10**9
_SOURCES: tuple[CostSource, ...] = ("provider", "catalogue", "table", "profile", "estimated")

_PAIR = re.compile(r"(?<!\\)((?:\\\\)*)(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})")

_T = TypeVar("_T")


def read_lock(path: Path) -> Lock:
    """The lock in `path`. Raises `UnreadableError`, with the place in the file, for anything that is none."""
    name = str(path)
    try:
        with real_path(path).open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        words = getattr(error, "strerror", None) or str(error)
        hint = "thinkdial lock write -p PROFILE makes one" if isinstance(error, FileNotFoundError) else None
        raise UnreadableError(f"{name}: cannot be read: {words}", hint=hint) from None
    if len(data) > MAX_FILE_BYTES:
        raise UnreadableError(f"{name}: larger than {MAX_FILE_BYTES // 2**20} MiB, which no lock is")
    try:
        return lock_from(_read(data, name))
    except UnicodeDecodeError:
        raise UnreadableError(f"{name}: is not UTF-8 text") from None
    except ThinkdialError as error:
        raise UnreadableError(error.message, hint=error.hint) from None
    except RecursionError:
        raise UnreadableError(f"{name}: nested too deeply") from None


def is_lock(path: Path) -> bool:
    """Whether a lock is what is there, of whatever version."""
    try:
        with real_path(path).open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
        return str(_read(data, str(path)).plain("schema")).startswith("thinkdial.lock/")
    except (OSError, ValueError, ThinkdialError, RecursionError):
        return False


def _read(data: bytes, name: str) -> Section:
    """YAML, or JSON, which is YAML but for the pairs in which it escapes what is beyond 16 bits."""
    text = data.decode("utf-8-sig")
    if text.lstrip()[:1] == "{":
        text = _PAIR.sub(lambda pair: pair[1] + json.loads(f'"{pair[2]}"'), text)
    return read_yaml(text, name)


def lock_text(lock: Lock, *, as_json: bool) -> str:
    """The lock as a file. Raises `UsageError` for one that would be too large to be read again."""
    document = lock_document(lock)
    if as_json:
        text = harmless_json(json.dumps(document, ensure_ascii=False, indent=2)) + "\n"
    else:
        import yaml

        dump: Callable[..., str] = yaml.safe_dump  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        apart = json.loads(json.dumps(document))  # what is there twice would become an alias
        text = dump(apart, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None)
    if len(text.encode()) > MAX_FILE_BYTES:
        raise UsageError(
            f"the lock would be larger than {MAX_FILE_BYTES // 2**20} MiB",
            hint="take fewer or shorter probes: --probes",
        )
    return text


def lock_document(lock: Lock) -> dict[str, Any]:
    """`thinkdial.lock/1`. The samples say everything; medians, quartiles and rates are for people."""
    return {
        "schema": LOCK_SCHEMA,
        "written_at": lock.written_at,
        "version": lock.version,
        "repeat": lock.repeat,
        "probes": [{name: value for name, value in plain(probe).items() if value is not None} for probe in lock.probes],
        "entries": [_entry_document(entry) for entry in lock.entries],
    }


def _entry_document(entry: LockEntry) -> dict[str, Any]:
    document: dict[str, Any] = {
        **{name: getattr(entry, name) for name in ("profile", "think", "provider", "model", "simulated")},
        "request": plain(entry.request),
        "served": list(entry.served),
        "price": None if entry.price is None else plain(entry.price),
        "answered": entry.answered,
        "failed": entry.failed,
    }
    for measure in MEASURES:
        document[measure] = _summary(entry.values(measure), is_rate=measure == "passed")
    document["samples"] = {
        name: {measure: list(one.of(measure)) for measure in MEASURES if one.of(measure)}
        for name, one in entry.samples.items()
    }
    return document


def _summary(values: list[int], *, is_rate: bool) -> dict[str, Any] | None:
    if not values:
        return None
    n = len(values)
    if is_rate:
        interval = proportion_interval(sum(values), n)
        return {
            "n": n,
            "rate": round(sum(values) / n, 4),
            "interval_95": [round(interval.low, 4), round(interval.high, 4)],
        }
    low, middle, high = (round(quantile(values, share), 1) for share in (0.25, 0.5, 0.75))
    return {"n": n, "median": middle, "quartiles": [low, high]}


def lock_from(root: Section) -> Lock:
    """The lock that a document holds. Raises `ConfigError` with the place for anything else."""
    schema = root.text("schema")
    if schema != LOCK_SCHEMA:
        newer = " a newer version wrote it" if (schema or "").startswith("thinkdial.lock/") else " it is no lock"
        raise root.bad("schema", f"must be {LOCK_SCHEMA}:{newer}")
    probes = tuple(_probe(one) for one in _some(root, "probes", MOST_PROBES))
    names = [probe.id for probe in probes]
    if len(set(names)) < len(names):
        raise root.bad("probes", "two of them have the same id")
    entries = tuple(_entry(one, set(names)) for one in _some(root, "entries", MOST_ENTRIES))
    if len({entry.name for entry in entries}) < len(entries):
        raise root.bad("entries", "two of them are of the same profile and think value")
    written_at = _needed(root, "written_at", root.text)
    try:
        moment = datetime.fromisoformat(written_at)
    except ValueError:
        moment = None
    if moment is None or timestamp(moment) != written_at:
        raise root.bad("written_at", "must be a time in UTC, such as 2026-11-30T12:00:00Z")
    return Lock(
        written_at,
        root.text("version") or "",
        _needed(root, "repeat", lambda key: root.whole(key, least=1, most=1000)),
        probes,
        entries,
    )


def _some(root: Section, key: str, most: int) -> list[Section]:
    found = root.sections(key)
    if not 1 <= len(found) <= most:
        raise root.bad(key, f"must be a list of 1 to {most}")
    return found


def _needed(section: Section, key: str, read: Callable[[str], _T | None]) -> _T:
    value = read(key)
    if value is None:
        raise section.bad(key, "is missing")
    return value


def _probe(section: Section) -> Probe:
    expect = section.mapping("expect") or None
    if expect is not None:
        try:
            check_probe(expect)
        except UsageError as error:
            raise section.bad("expect", error.message) from None
    return Probe(
        _needed(section, "id", section.text), _needed(section, "prompt", section.text), section.text("system"), expect
    )


def check_probe(expect: Json) -> None:
    """Raise `UsageError`, without a place, for what a probe cannot expect: a lock is held against an answer's text."""
    check_expectation(expect)
    for kind, name in named_part(expect):
        raise UsageError(f"expect.{kind} {name!r}: a probe expects something of the text alone")


def _entry(section: Section, probes: set[str]) -> LockEntry:
    request, price, samples = section.section("request"), section.section("price"), section.section("samples")
    if request is None:
        raise section.bad("request", "is missing")
    simulated = section.flag("simulated")
    try:
        think = parse_think(_needed(section, "think", section.text))
    except UsageError as error:
        raise section.bad("think", error.message) from None
    if think.aim is not None:
        raise section.bad("think", "must be one value, and a dose is none")
    found: dict[str, ProbeSamples] = {}
    for name in samples or ():
        if name not in probes:
            raise cast("Section", samples).bad(name, "is the id of no probe")
        found[name] = _samples(cast("Section", samples), name)
    return LockEntry(
        *(_needed(section, key, section.text) for key in ("profile", "think", "provider", "model")),
        request=_request(request),
        price=None if price is None else _price(price),
        simulated=bool(simulated),
        served=section.texts("served"),
        answered=section.whole("answered") or 0,
        failed=section.whole("failed") or 0,
        samples=found,
    )


def _request(section: Section) -> LockedRequest:
    parts = section.section("parts")
    read = {} if parts is None else {name: _needed(parts, name, parts.text) for name in parts}
    words = (_needed(section, key, section.text) for key in ("hash", "dialect", "fidelity"))
    return LockedRequest(*words, native=section.mapping("native"), parts=read)


def _price(section: Section) -> LockedPrice:
    return LockedPrice(
        _needed(section, "input", section.dollars),
        _needed(section, "output", section.dollars),
        section.dollars("cached_input"),
        cast("CostSource", _needed(section, "source", lambda key: section.choice(key, _SOURCES))),
    )


def _samples(samples: Section, name: str) -> ProbeSamples:
    section = samples.section(name)
    if section is None:
        return ProbeSamples()
    return ProbeSamples(
        *(_values(section, measure, most=1 if measure == "passed" else MOST_TOKENS) for measure in MEASURES)
    )


def _values(section: Section, key: str, *, most: int) -> tuple[int, ...]:
    value = section.plain(key)
    listed = cast("list[object]", value) if isinstance(value, list) else [] if value is None else [value]
    if len(listed) > MOST_VALUES:
        raise section.bad(key, f"has more than {MOST_VALUES} values")
    for one in listed:
        if isinstance(one, bool) or not isinstance(one, int) or not 0 <= one <= most:
            raise section.bad(key, f"must be a list of whole numbers from 0 to {most}")
    return tuple(cast("list[int]", listed))
