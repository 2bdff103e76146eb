"""Show what two versions of thinkdial do differently: python scripts/compare_commits.py --before PYTHON --after PYTHON.

Both are interpreters that have thinkdial installed, for instance from two checkouts. Every command is run with both, in
a fresh home and against the version's own simulator: exit codes, both outputs, files, databases and the requests that
were sent have to be alike. Then every request that can be built is compared, byte for byte. What differs anyway (dates,
random identifiers) is replaced before. Exits with 1 when anything differs.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import Queue
from typing import Any

from compare.bodies import WAYS, catalogue, plans
from compare.cases import ALL
from compare.cases.stored import HISTORY
from compare.differences import Difference, differences
from compare.playing import play
from compare.processes import Processes
from compare.publisher import publisher
from compare.stage import Stage, environment, free_port
from compare.steps import Case
from msgspec import Struct
from msgspec.structs import replace

MOST_OF_ONE_PART = 8
"""Differences to show of one case; a single change may be seen in every one of its steps."""


class Found(Struct, frozen=True):
    """What was compared of one part, and what differs. `unsteady` differed once, and not when looked at again."""

    compared: int
    unlike: tuple[Difference, ...]
    unsteady: tuple[Difference, ...] = ()


class Comparison:
    """Plays with both versions, at the same place one after the other; as many places as `jobs` are used at once."""

    def __init__(
        self, before: str, after: str, directory: Path, publisher: str, jobs: int, ignored: Iterable[str]
    ) -> None:
        self._ignored = tuple(re.compile(pattern) for pattern in ignored)
        self._places: Queue[tuple[Stage, Stage]] = Queue()
        self._processes: list[Processes] = []
        for number in range(jobs):
            old, new = (Processes(python, environment()) for python in (before, after))
            self._processes += (old, new)
            stage = Stage(old, directory / f"place{number}", free_port(), publisher)
            self._places.put((stage, replace(stage, processes=new)))
        self._stored = directory / "stored"
        self._jobs = jobs

    def outputs(self, cases: Iterable[Case], tell: Callable[[str, Found], None]) -> None:
        """Play `cases`, and `tell` what came of each."""
        chosen = list(cases)
        if any(case.stored for case in chosen):
            self._store()
        self._each(chosen, lambda case: case.name, self._case, tell)

    def bodies(self, only: str, tell: Callable[[str, Found], None]) -> None:
        """Plan every call, provider by provider, and `tell` what came of each."""
        with self._place() as (before, after):
            known = catalogue(before).joined(catalogue(after))
        parts = [(provider, way) for provider in known.models for way in WAYS if only in f"plans of {provider}, {way}"]

        def part(chosen: tuple[str, str]) -> Found:
            with self._place() as stages:
                old, new = (plans(stage, known, *chosen, self._ignored) for stage in stages)
            return Found(len(old.made.keys() | new.made.keys()), tuple(old.unlike(new)))

        self._each(parts, lambda chosen: f"plans of {chosen[0]}, {chosen[1]}", _twice(part), tell)

    def close(self) -> None:
        """Let the interpreters go."""
        for processes in self._processes:
            processes.close()

    def _case(self, case: Case) -> Found:
        def once(case: Case) -> Found:
            with self._place() as stages:
                old, new = (play(case, stage, self._stored, self._ignored) for stage in stages)
            return Found(len(old), tuple(differences(case.name, old, new)))

        return _twice(once)(case)

    def _store(self) -> None:
        """The history that both versions are given, made by the one before."""
        with self._place() as (before, _):
            for piece in play(HISTORY, before, None):
                if piece.wrong:
                    raise RuntimeError(f"{HISTORY.name}: {piece.step}: {piece.wrong}")
            before.home.rename(self._stored)

    def _each(self, parts: list[Any], name: Callable[[Any], str], look: Callable[[Any], Found], tell: Any) -> None:
        with ThreadPoolExecutor(self._jobs) as pool:
            for part, found in zip(parts, pool.map(look, parts), strict=True):
                tell(name(part), found)

    @contextmanager
    def _place(self) -> Any:
        stages = self._places.get()
        try:
            yield stages
        finally:
            self._places.put(stages)


def _twice(look: Callable[[Any], Found]) -> Callable[[Any], Found]:
    """Look again at what differs: only what does so again was changed, and did not just happen."""

    def looked(part: Any) -> Found:
        first = look(part)
        if not first.unlike:
            return first
        second = look(part)
        again = {(one.case, one.piece): one for one in second.unlike}
        steady = tuple(again[one.case, one.piece] for one in first.unlike if (one.case, one.piece) in again)
        unsteady = tuple(one for one in first.unlike if (one.case, one.piece) not in again)
        return Found(second.compared, steady, unsteady)

    return looked


class Report:
    """Prints differences as they come, and counts."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.compared = self.unlike = self.unsteady = 0

    def tell(self, part: str, found: Found) -> None:
        self.compared += found.compared
        self.unlike += len(found.unlike)
        self.unsteady += len(found.unsteady)
        for one in found.unlike[:MOST_OF_ONE_PART]:
            print("\n".join(one.lines(self._most)), flush=True)
        if (more := len(found.unlike) - MOST_OF_ONE_PART) > 0:
            print(f"   ... {more:,} more of {part}", flush=True)
        if found.unsteady:
            print(f"~~ {part}: {len(found.unsteady)} differed once and not again, such as")
            print("\n".join(found.unsteady[0].lines(self._most)), flush=True)

    def words(self, what: str) -> str:
        unsteady = f" ({self.unsteady} differed once and not again)" if self.unsteady else ""
        return f"{self.compared:,} {what}, {self.unlike:,} differ{unsteady}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("--before", required=True, metavar="PYTHON", help="the interpreter of the version to keep to")
    parser.add_argument("--after", required=True, metavar="PYTHON", help="the interpreter of the changed version")
    parser.add_argument("--only", default="", metavar="TEXT", help="only cases whose name holds this")
    parser.add_argument("--part", choices=("outputs", "bodies"), help="one half of it")
    parser.add_argument("--ignore", action="append", default=[], metavar="REGEX", help="take this out of both first")
    parser.add_argument("--lines", type=int, default=12, metavar="N", help="lines of each difference to show")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="cases at once")
    parser.add_argument("--list", action="store_true", help="print the names of the cases, and do nothing")
    options = parser.parse_args()
    chosen = [case for case in ALL if options.only in case.name]
    if options.list:
        print("\n".join(case.name for case in chosen))
        return
    versions = [str(Path(python).absolute()) for python in (options.before, options.after)]
    began, told = time.monotonic(), []
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="compare-")))
        published = stack.enter_context(publisher(directory / "published", versions[0]))
        comparison = Comparison(*versions, directory, published, options.jobs, options.ignore)
        stack.callback(comparison.close)
        if options.part != "bodies":
            outputs = Report(options.lines)
            comparison.outputs(chosen, outputs.tell)
            told.append((outputs, "outputs"))
        if options.part != "outputs":
            bodies = Report(options.lines)
            comparison.bodies(options.only if not chosen or options.part else "", bodies.tell)
            told.append((bodies, "bodies"))
    print(f"{'; '.join(report.words(what) for report, what in reversed(told))}; {time.monotonic() - began:.0f} s")
    sys.exit(1 if any(report.unlike for report, _ in told) else 0)


if __name__ == "__main__":
    main()
