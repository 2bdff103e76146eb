"""Why a piece of an earlier turn may go back, or may not. Pure."""

from __future__ import annotations

from msgspec import Struct

from ....profiles.state.rule import StateRule
from ....providers.json_values import is_blank
from ....providers.turns.pieces import TAGS, TurnPiece
from ....providers.turns.turn import Origin, Turn
from ....providers.wires.chat import format_of
from ..fates import ContinuityOptions, Destination

_PLACES_OF_THOUGHT = frozenset({"", "reasoning_content", "reasoning", "thinking"})
"""Where readable reasoning that a file brings may stand in a message. A file could name any other field."""


class Barrier(Struct, frozen=True):
    """Why nothing of a turn's state can go back. `by_chance`: others could read the words, so a note may carry them.

    `is_foreign`: it was another wire, so that not even the shape of the pieces fits. `leaves_gap`: the provider misses
    it among what is kept of other turns, which it does not for what this model was never shown. `of_prefix`: what was
    sent before it is not the same, which a compaction does not mind: it stands for that itself.
    """

    reason: str
    by_chance: bool = True
    is_foreign: bool = False
    leaves_gap: bool = True
    of_prefix: bool = False


class Judgement(Struct, frozen=True):
    """Whether one piece goes back, and why. `may_be_noted`: if not, its words may go along as a note."""

    goes: bool
    reason: str
    may_be_noted: bool = False


def barrier_of(turn: Turn, destination: Destination) -> Barrier | None:
    """What stands between the state of `turn` and `destination`, but for what was sent before it."""
    origin, rule = turn.origin, destination.rule
    if turn.is_cut:
        words = "the answer was cut off; reasoning that broke off is not sent back"
        # No later turn was thought with it in view.
        is_foreign = _foreign(origin, destination) is not None
        return Barrier(words, by_chance=False, is_foreign=is_foreign, leaves_gap=False)
    if foreign := _foreign(origin, destination):
        return Barrier(foreign, is_foreign=True, leaves_gap=False)
    if "model" in rule.binds and not _reads(origin, destination):
        words = f"{origin.model} thought it; {destination.model} is not known to read that"
        return Barrier(words, leaves_gap=False)
    accounts = (origin.account, destination.account)
    if "account" in rule.binds and None not in accounts and accounts[0] != accounts[1]:
        return Barrier(f"it is bound to another account of {origin.provider}", leaves_gap=False)
    return None


def _is_plain(piece: TurnPiece) -> bool:
    """Whether an imported piece is words and nothing else, in a place where words of that kind may be."""
    if piece.kind in ("text", "call"):
        return True  # of which nothing but the words is written
    return piece.kind == "thinking" and not piece.native and piece.carrier in _PLACES_OF_THOUGHT


def _foreign(origin: Origin, destination: Destination) -> str | None:
    if origin.is_imported and not origin.endpoint:
        return f"it came from a file; {destination.provider} gets the text alone"
    if origin.provider != destination.provider:
        return f"it is {origin.provider}'s; {destination.provider} gets the text alone"
    if origin.dialect != destination.dialect:
        return f"it came over {origin.dialect}; {destination.dialect} has no place for it"
    if origin.endpoint.rstrip("/") != destination.endpoint.rstrip("/"):
        return f"it came from {origin.endpoint}; this call goes to {destination.endpoint}"
    if destination.takes_text_only:
        return f"{destination.dialect} takes nothing but text back"
    return None


def _reads(origin: Origin, destination: Destination) -> bool:
    authors = [name for name in (origin.served, origin.model) if name]
    rule = destination.rule
    return any(rule.is_same(author, destination.model) or rule.reads_model(author) for author in authors)


def judge(
    piece: TurnPiece, turn: Turn, position: int, destination: Destination, options: ContinuityOptions, *, is_last: bool
) -> Judgement:
    """Whether a piece of state goes back on a route that nothing bars."""
    rule, origin = destination.rule, turn.origin
    if position in turn.dead:
        return Judgement(False, f"{origin.provider} has refused it")
    if piece.kind == "server_reference":
        return Judgement(False, "it names something stored at the provider; the turn itself goes instead")
    if not piece.is_whole:
        return Judgement(False, "it came incomplete")
    if origin.is_imported and (piece.is_bound or not _is_plain(piece)):
        return Judgement(False, f"it was imported; {origin.provider} has not accepted it yet")
    if piece.is_reasoning and (refusal := _refused(piece, rule)):
        return Judgement(False, refusal, may_be_noted=True)
    has_calls = any(one.kind == "call" for one in turn.pieces)
    taking = rule.calls if has_calls else rule.plain
    if taking == "refused" and piece.is_reasoning:
        return Judgement(False, f"{destination.provider} refuses reasoning that comes back", may_be_noted=True)
    if taking != "demanded" and piece.is_reasoning and not piece.opaque and is_blank(piece.text):
        return Judgement(False, "it holds nothing but white space")
    if taking == "demanded":
        return Judgement(True, f"{destination.provider} demands it on turns with calls")
    if piece.kind not in ("other", "compaction"):
        if options.keep_reasoning == "none":
            return Judgement(False, "no reasoning is to be kept")
        if options.keep_reasoning == "last" and not is_last:
            return Judgement(False, "only the reasoning of the last turn is to be kept")
    if taking == "ignored" and piece.is_reasoning:
        return Judgement(True, f"it goes back; {destination.provider} reads it only on turns with calls")
    if rule.reasoning_field == TAGS and piece.is_reasoning:
        return Judgement(True, "it goes back in tags, which are its only carrier here")
    if not rule.is_known:
        return Judgement(True, "it goes back in the field that it came in; no rule of this host is known")
    if "account" in rule.binds and origin.account is not None and destination.account is None:
        return Judgement(True, "it goes back if the key, which was not asked for yet, is the same account's")
    return Judgement(True, "it goes back as it came")


def _refused(piece: TurnPiece, rule: StateRule) -> str | None:
    """Why this kind of reasoning has no way back, whatever turn it is of."""
    if piece.carrier == TAGS and rule.reasoning_field != TAGS:
        return "it came in tags inside the answer, which are not put back"
    if rule.reasoning_field == "none":
        return "this API has no field for it"
    is_signed = bool(piece.opaque)
    if format_of(piece) in rule.signed_formats and not is_signed:
        return "it came without the signature that its format needs"
    if not rule.unsigned and not is_signed:
        return "it has no signature, and unsigned reasoning is refused"
    if not rule.summaries and piece.kind == "summary" and not is_signed:
        return "it is a summary without ciphertext, which tells the provider nothing"
    return None
