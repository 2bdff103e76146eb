"""Measured results as a document, a page, and beside those of another day."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import peers
from measure import Report

SCHEMA = "thinkdial.benchmarks/1"
LIBRARIES = ("typer", "rich", "httpx2", "httptools", "aiohttp", "uvloop", "msgspec", "orjson", "pyyaml", "genai-prices")

Document = Mapping[str, Any]


def document(reports: Mapping[str, Report], rounds: int) -> dict[str, Any]:
    """What was measured, on which machine, with which versions."""
    return {
        "schema": SCHEMA,
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "rounds": rounds,
        "machine": {
            "system": f"{platform.system()} {platform.machine()}",
            "processor": _processor(),
            "cores": os.cpu_count(),
            "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        },
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "versions": {name: version for name in ("thinkdial", *LIBRARIES) if (version := _version(name))}
        | peers.versions(),
        "benchmarks": {name: [row.document() for row in report] for name, report in reports.items()},
    }


def read(path: Path) -> Document:
    """A document that was written before. Ends the program where it is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        sys.exit(f"{path}: {error}")
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:  # pyright: ignore[reportUnknownMemberType]
        sys.exit(f"{path}: no results of benchmarks")
    return found  # pyright: ignore[reportUnknownVariableType]


def comparison(old: Document, new: Document) -> Iterator[str]:
    """A line for each ratio of both: before, after, and how they relate. What only one has is named."""
    before, after = dict(_ratios(old)), dict(_ratios(new))
    for key, now in after.items():
        if key in before:
            was = before[key]
            yield f"{key[0]}: {key[1]}, {key[2]}: {was:.2f} -> {now:.2f} ({now / was if was else 0:.2f} x)"
    for key in sorted(before.keys() ^ after.keys()):
        yield f"{key[0]}: {key[1]}, {key[2]}: only {'before' if key in before else 'after'}"


def page(measured: Document) -> Iterator[str]:
    """The results as Markdown: a table for each benchmark."""
    machine = measured["machine"]
    yield f"Measured {measured['measured_at'][:10]}: {measured['python']}, {machine['system']}, {machine['processor']},"
    yield f"{machine['cores']} cores, load {machine['load']} at the end, {measured['rounds']} rounds."
    yield f"Versions: {', '.join(f'{name} {version}' for name, version in measured['versions'].items())}."
    for name, rows in measured["benchmarks"].items():
        yield from ("", f"## {name}", "", "| what | ratio, median [least to most] | wanted | |", "|---|---|---|---|")
        yield from (_line(row) for row in rows)


def _line(row: Mapping[str, Any]) -> str:
    target, spread = row.get("target"), row.get("spread") or {}
    ratios = ", ".join(
        f"{name} {value:.2f}" + (f" [{spread[name][0]:.2f} to {spread[name][1]:.2f}]" if name in spread else "")
        for name, value in row.get("ratios", {}).items()
    )
    wanted = f"{target['ratio']} {'≥' if target['at_least'] else '≤'} {target['limit']:g}" if target else ""
    verdict = {True: "met", False: "**missed**", None: ""}[row["met"]]
    cells = (row["what"], ratios or row.get("detail", ""), wanted, verdict)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _ratios(measured: Document) -> Iterator[tuple[tuple[str, str, str], float]]:
    for name, rows in measured["benchmarks"].items():
        for row in rows:
            for ratio, value in row.get("ratios", {}).items():
                yield (name, row["what"], ratio), value


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or "unknown")


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
