"""Calls of one sweep that would be the very same request: one is made, and stands for the others. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from .prepare import Prepared, Twin


def twins_among(calls: Sequence[Prepared | None]) -> dict[int, int]:
    """The places of calls that need not be made, each with the place of the call that is made for it.

    Two are the same where one profile would post the same bytes to the same address, and read the answers alike. Made
    is the call whose think value is sent as it was asked; else the first.
    """
    alike: dict[object, list[tuple[int, Prepared]]] = {}
    for place, call in enumerate(calls):
        if call is not None:
            alike.setdefault((call.target.profile.name, call.emulated, call.request), []).append((place, call))
    stand_ins: dict[int, int] = {}
    for entries in alike.values():
        exact = (entry for entry in entries if entry[1].plan.fidelity == "exact")
        made, call = next(exact, entries[0])
        stand_ins |= {place: made for place, other in entries if other.think != call.think}
    return stand_ins


def standing_for(prepared: Prepared, others: Sequence[Prepared]) -> Prepared:
    """The same call, which stands for `others` as well."""
    twins = tuple(Twin(other.think, other.plan) for other in others)
    return replace(prepared, asked=replace(prepared.asked, twins=twins)) if twins else prepared
