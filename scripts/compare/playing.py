"""A case, played with one version: everything that it said, wrote and sent, piece by piece."""

from __future__ import annotations

import http.client
import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from .files import databases, written
from .stage import Ended, Stage
from .steps import Case, Command, Fetch, Step, Write
from .varying import without_varying

FETCH_S = 20.0


class Piece(Struct, frozen=True):
    """One thing to compare: `kind` of what came of a `step`. `wrong` says why the case itself is to be doubted.

    `unordered`: its lines come in any order. `exact`: not even dates and identifiers may differ.
    """

    step: str
    kind: str
    text: str
    wrong: str = ""
    unordered: bool = False
    exact: bool = False

    def normal(self, names: Mapping[str, str], ignored: Sequence[re.Pattern[str]], *, measured: bool) -> Piece:
        """The piece without what varies anyway; `names` are other words for some of its own."""
        text, kind = self.text, self.kind
        if not self.exact:
            for name, other in names.items():
                text, kind = text.replace(name, other), kind.replace(name, other)
            text = without_varying(text, measured=measured)
        for pattern in ignored:
            text = pattern.sub("", text)
        return replace(self, kind=kind, text="\n".join(sorted(text.split("\n"))) if self.unordered else text)


def play(case: Case, stage: Stage, stored: Path | None, ignored: Sequence[re.Pattern[str]] = ()) -> list[Piece]:
    """Set the stage, play all steps, and collect the pieces without what varies anyway."""
    stage.set_up(case, stored)
    ended: list[Ended] = []
    pieces: list[Piece] = []
    names: dict[str, str] = {}
    with ExitStack() as stack:
        if case.simulator is not None:
            stack.enter_context(stage.simulator(case.simulator, ended))
        before = written(stage.home, stage.work)
        for number, step in enumerate(case.steps, 1):
            name = f"{number}. {step}"
            pieces += _step(step, name, stage, steady=case.steady)
            after = written(stage.home, stage.work)
            unordered = isinstance(step, Command) and step.unordered
            pieces += (
                Piece(name, f"file {path}", after[path].text if path in after else "removed", unordered=unordered)
                for path in sorted(before.keys() | after.keys())
                if before.get(path) != after.get(path)
            )
            before = after
            for directory in sorted(stage.home.rglob("batches/*")):
                names.setdefault(directory.name, f"job-{len(names) + 1:04}")
    if case.steady:
        pieces += (Piece("in the end", f"database {path}", text) for path, text in databases(stage.home, stage.work))
    for served in ended:
        pieces.append(Piece("the simulator", "said", served.out.decode() + served.err.decode()))
        pieces.append(Piece("the simulator", "exit code", str(served.code)))
        pieces.append(Piece("the simulator", "requests", "\n".join(_requests(stage.log)), unordered=True))
    return [one.normal(names, ignored, measured=not case.steady) for one in pieces]


def _step(step: Step, name: str, stage: Stage, *, steady: bool) -> Iterator[Piece]:
    match step:
        case Write():
            stage.write(step.path, step.text)
        case Fetch():
            yield Piece(name, "answer", _fetched(step, stage), exact=True)
        case Command():
            ended = stage.run(step, steady=steady)
            out, err = (said.decode(errors="backslashreplace") for said in (ended.out, ended.err))
            wrong = "" if ended.code == step.code else f"exit code {ended.code}, not {step.code}: {(err or out)[:300]}"
            yield Piece(name, "exit code", str(ended.code), wrong)
            yield Piece(name, "stdout", out, unordered=step.unordered)
            yield Piece(name, "stderr", err, unordered=step.unordered)


def _fetched(step: Fetch, stage: Stage) -> str:
    """Status, headers and body, as they came."""
    request = urllib.request.Request(  # noqa: S310 its own simulator
        f"{stage.address}{step.path}",
        None if step.body is None else step.body.encode(),
        {"content-type": "application/json", **step.headers},
        method=step.verb,
    )
    try:
        answer = urllib.request.urlopen(request, timeout=FETCH_S)  # noqa: S310
    except urllib.error.HTTPError as error:
        answer = error
    except (OSError, http.client.HTTPException) as error:
        return f"no answer: {error}"
    with answer:
        headers = "".join(f"{name}: {value}\n" for name, value in answer.headers.items())
        try:
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            return f"{answer.status}\n{headers}\nbroken off: {error}"
    return f"{answer.status}\n{headers}\n{body.decode(errors='backslashreplace')}"


def _requests(log: Path) -> Iterator[str]:
    """What arrived, without numbers: calls that are made at once arrive in any order."""
    for line in log.read_text(encoding="utf-8").splitlines() if log.exists() else ():
        entry = json.loads(line)
        for name in ("number", "request"):
            entry.pop(name, None)
        yield json.dumps(entry, ensure_ascii=False)
