"""All that is looked at, in the order in which a report tells it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .network import network_findings
from .observation import Finding
from .program import program_findings
from .state import configuration_findings, fact_findings, history_findings, key_findings

DOCTOR_SCHEMA = "thinkdial.doctor/1"


def diagnosis(config: Path | None, more: Iterable[Finding] = ()) -> list[Finding]:
    """Program, configuration, keys, history, facts and network of this installation, and `more` in their sections.

    Nothing leaves this machine, no key is fetched, and no value of a variable that may be secret is told.
    """
    configured, settings = configuration_findings(config)
    found = [
        *program_findings(),
        *configured,
        *(() if settings is None else key_findings(settings)),
        *history_findings(),
        *fact_findings(datetime.now(UTC).date()),
        *network_findings(),
        *more,
    ]
    sections = list(dict.fromkeys(one.section for one in found))
    return sorted(found, key=lambda one: sections.index(one.section))


def doctor_document(found: Iterable[Finding]) -> dict[str, Any]:
    """`thinkdial.doctor/1`: everything that was looked at, and whether something is wrong."""
    listed = list(found)
    return {
        "schema": DOCTOR_SCHEMA,
        "ok": all(one.state != "problem" for one in listed),
        "findings": [
            {"section": one.section, "name": one.name, "value": one.value, "state": one.state, "hint": one.hint}
            for one in listed
        ],
    }
