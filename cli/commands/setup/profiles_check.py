"""`thinkdial profiles check`: which profiles are ready, and why others are not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ....engine.targets.readiness import Candidate, candidate
from ....engine.targets.target import select
from ....profiles.config import Config, load
from ...exit_codes import ExitCode
from ...formats import json_text
from ...output import console, emit, rendered, say
from ...views.setup.check_table import check_table

if TYPE_CHECKING:
    from ....engine.lookups.probe import Online


def check_profiles(
    names: Sequence[str], config: Path | None, *, online: bool, timeout_s: float | None, json: bool
) -> None:
    """Check and print; exit with 1 when a profile is not ready."""
    settings = load(config, also=[name.partition("/")[0] for name in names if "/" in name])
    chosen = _chosen(names, settings)
    answers: list[Online | None] = [None] * len(chosen)
    if online:
        import asyncio

        answers = asyncio.run(_ask(chosen, timeout_s))
    rows = [_document(tried, answer, online=online) for tried, answer in zip(chosen, answers, strict=True)]
    if json:
        emit(json_text({"schema": "thinkdial.profiles.check/1", "profiles": rows}))
    else:
        emit(rendered(check_table(rows, console().width, online=online)))
        for note in settings.notes:
            say(f"note: {note}")
    if not all(row["ready"] for row in rows):
        raise typer.Exit(ExitCode.SOME_FAILED)


def _chosen(names: Sequence[str], settings: Config) -> list[Candidate]:
    """Each profile once, whatever think values were written behind its name."""
    selected = select(names or list(settings.profiles), settings)
    profiles = {selection.profile.name: selection.profile for selection in selected}
    return [candidate(profile, settings) for profile in profiles.values()]


async def _ask(chosen: Sequence[Candidate], timeout_s: float | None) -> list[Online | None]:
    from ....engine.exchange.transport import Transport
    from ....engine.lookups.probe import TIMEOUT_S, check_online

    async with Transport() as transport:
        return await check_online(chosen, transport, timeout_s=timeout_s or TIMEOUT_S)


def _document(tried: Candidate, answer: Online | None, *, online: bool) -> dict[str, Any]:
    problem, hint = tried.problem, tried.hint
    if problem is None and answer is not None:
        problem, hint = answer.problem, answer.hint
    document: dict[str, Any] = {
        "profile": tried.profile.name,
        "provider": tried.profile.provider,
        "model": tried.profile.model,
        "ready": problem is None,
        "state": "not ready" if problem is not None else "ready" if answer is None or answer.proven else "unproven",
        "key": tried.source,
        "problem": problem,
        "hint": hint,
    }
    if online:
        document["online"] = answer and {
            "host": answer.host,
            "answers": answer.answers,
            "key": answer.key,
            "model_listed": answer.listed,
            "did_you_mean": answer.near,
            "answered_s": None if answer.answered_s is None else round(answer.answered_s, 3),
            "note": answer.note,
        }
    return document
