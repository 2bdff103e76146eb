"""A fact file in words: which is in use, and what a newer one changes."""

from __future__ import annotations

from typing import Any

from ....engine.lookups.fact_update import PROOF, NewFacts
from ....providers.untrusted import harmless


def status_words(document: dict[str, Any]) -> str:
    """What `facts status` says."""
    lines = [f"release:    checked on {document['shipped_checked_on']}, prices on {document['prices_checked_on']}"]
    used = document["in_use"]
    if used is None:
        lines.append("fact file:  none; thinkdial facts update fetches one")
    else:
        held = f"{used['cards']} cards, {used['prices']} prices, {used['retirements']} retirements"
        lines += [
            f"fact file:  of {used['date']}, {held}",
            f"from:       {used['source']}, on {used['stored_at'][:10]}",
            f"sha256:     {used['sha256']} ({PROOF})",
        ]
    return harmless("\n".join(lines) + "\n")


def change_words(new: NewFacts) -> str:
    """What a newer fact file changes, a line a thing."""
    proof = f"sha256 {new.sha256}: {PROOF}" if new.hashed else "no hash lies beside it: nothing proves that it is whole"
    changes = [f"  {change}" for change in new.changes] or ["  nothing"]
    falls = [f"falls by half or more: {fall}; needs --accept" for fall in new.falls]
    return harmless("\n".join([f"facts of {new.file.date} from {new.source}", *changes, *falls, proof]) + "\n")
