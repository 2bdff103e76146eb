"""Where probes come from: rows of the user's own, or those that ship."""

from __future__ import annotations

from pathlib import Path

from ...profiles.facts import packaged
from ...providers.errors import UsageError
from ..batch.rows.entries import guess_form
from ..batch.rows.rows import BadRow, read_rows
from ..batch.rows.source import open_source
from ..checks.terms import ExpectTerms
from .lock import Probe
from .lock_file import MOST_PROBES, check_probe


def shipped_probes() -> list[Probe]:
    """The probes that ship: sums with one right answer."""
    return [
        Probe(section.text("id") or "", section.text("prompt") or "", None, section.mapping("expect"))
        for section in packaged("probes.yaml").sections("probes")
    ]


def probes_from(path: Path, wanted: int | None) -> list[Probe]:
    """The first `wanted` rows of a file, which is written as that of a batch.

    Raises `UsageError` for a row that cannot be a probe: with a profile, a think value or messages of its own, or with
    an `expect` that the configuration defines, which a lock does not hold.
    """
    found: list[Probe] = []
    with open_source(path) as source:
        form = guess_form(str(path), source.beginning())
        for row in read_rows(source.lines(), form, terms=ExpectTerms(folder=path.parent)):
            if wanted is not None and len(found) == wanted:
                break
            if isinstance(row, BadRow):
                raise UsageError(f"{path}: {row.problem}")
            if row.earlier or row.past is not None or row.profiles or row.think is not None or row.max_output:
                raise UsageError(
                    f"{path}: line {row.line}: a probe has a prompt, and may have a system prompt and expect",
                    hint="who is asked, and with which think value, is said with -p and --think",
                )
            if row.expect is not None:
                try:
                    check_probe(row.expect)
                except UsageError as error:
                    raise UsageError(f"{path}: line {row.line}: {error.message}") from None
            found.append(Probe(row.id, row.text, row.system, row.expect))
            if len(found) > MOST_PROBES:
                raise UsageError(f"{path}: more than {MOST_PROBES} rows", hint="--probes 20 takes the first 20")
    if not found:
        raise UsageError(f"{path}: no rows")
    return found
