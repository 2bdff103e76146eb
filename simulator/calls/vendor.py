"""What a vendor says when something goes wrong, and how a call is answered: by an endpoint, or by a failure."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from .call import ApiCall
from .faults import STATUS_FAULTS, cut
from .reply import HttpReply, Piece, RejectedError, Role

Answer = Callable[[ApiCall], HttpReply]
"""An endpoint. It raises `RejectedError` for a request that it refuses."""


class Vendor(Struct, frozen=True):
    """A vendor's answers to everything that can go wrong.

    `failure` has its words for a status fault, `broken_off` what ends a stream after so many events.
    """

    name: str
    failure: Callable[[str, ApiCall], HttpReply]
    broken_off: Callable[[ApiCall, int], tuple[Piece, ...]]
    not_found: Answer
    bad_json: Answer


def perform(vendor: Vendor, answer: Answer, call: ApiCall) -> HttpReply:
    """The reply to a call, with the faults that need the vendor's words done to it."""
    try:
        reply = answer(call)
    except RejectedError as rejected:
        return rejected.reply
    refused = failed(vendor, call)
    if refused is not None:
        return refused
    if "overloaded_midstream" not in call.faults:
        return reply
    if not reply.streamed:
        return vendor.failure("overloaded", call)
    begun = cut(reply).pieces
    ending = tuple(replace(piece, role=Role.TERMINAL) for piece in vendor.broken_off(call, len(begun)))
    return replace(reply, pieces=(*begun, *ending))


def perform_change(vendor: Vendor, answer: Answer, call: ApiCall) -> HttpReply:
    """The reply to a call that changes something: it fails before anything is changed, or not at all."""
    refused = failed(vendor, call)
    if refused is not None:
        return refused
    if "overloaded_midstream" in call.faults:
        return vendor.failure("overloaded", call)
    try:
        return answer(call)
    except RejectedError as rejected:
        return rejected.reply


def failed(vendor: Vendor, call: ApiCall) -> HttpReply | None:
    """The vendor's words for the first status fault of a call, if it has one."""
    return next((vendor.failure(name, call) for name in STATUS_FAULTS if name in call.faults), None)
