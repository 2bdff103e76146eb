"""What ties a thinking block to where it was made, as data: which Claude reads whose blocks, and what else must hold.

State of the vendor's documentation in November 2026; the table is the simulator's own and is shared with nobody:
https://platform.claude.com/docs/en/build-with-claude/preserved-thinking,
https://platform.claude.com/docs/en/build-with-claude/thinking
"""

from __future__ import annotations

from ...calls.fields import words

_OLD = words("opus-4-5 opus-4-6 opus-4-7 opus-4-8 sonnet-4-5 sonnet-4-6 haiku-4-5")
_FIFTH = words("opus-5 sonnet-5")

#: Whose blocks a model of the newest generations reads beside its own; all others read each other's.
READS = {
    "fable-5-2": frozenset[str](),
    "mythos-5-2": frozenset[str](),
    "fable-5-1": _OLD | _FIFTH | words("fable-5 mythos-5 opus-5-5"),
    "mythos-5-1": _OLD | _FIFTH | words("fable-5 mythos-5 opus-5-5"),
    "opus-5-5": _OLD | _FIFTH | words("sonnet-5-5 haiku-5-5"),
    "sonnet-5-5": words("sonnet-5 opus-4-8 haiku-4-5 haiku-5-5"),
    "haiku-5-5": frozenset[str](),
}
PREFIX_BOUND = words("fable-5-1 fable-5-2 mythos-5-2 opus-5-5 sonnet-5-5 haiku-5-5")
ALWAYS_ENFORCED = words("fable-5-2 mythos-5-2")
ACCOUNT_BOUND = words("sonnet-5-5 haiku-5-5")
#: These strip the thoughts of earlier turns free of charge; all others keep them and bill them as input.
FORGETFUL = words("sonnet-4-5 haiku-4-5")


def reads(reader: str, writer: str) -> bool:
    """Whether one Claude reads the blocks of another. Both are full ids."""
    mine, theirs = _short(reader), _short(writer)
    if mine == theirs:
        return True
    if mine in READS:
        return theirs in READS[mine]
    return theirs not in READS or theirs in ("opus-5-5", "sonnet-5-5", "haiku-5-5")


def is_bound_to_prefix(model: str) -> bool:
    return _short(model) in PREFIX_BOUND


def is_always_enforced(model: str) -> bool:
    """Whether a changed prefix is refused for the oldest accounts as well."""
    return _short(model) in ALWAYS_ENFORCED


def is_bound_to_account(model: str) -> bool:
    return _short(model) in ACCOUNT_BOUND


def forgets(model: str) -> bool:
    """Whether the thoughts before the last question are neither read nor billed."""
    return _short(model) in FORGETFUL


def _short(model: str) -> str:
    return model.removeprefix("claude-")
