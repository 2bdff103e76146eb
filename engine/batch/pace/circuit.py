"""When a profile is given up: failures that will not pass, again and again. Pure."""

from __future__ import annotations

from ....providers.errors import ErrorKind, Failure

HARD: dict[ErrorKind, int] = {"auth": 3, "permission": 3, "config": 3, "quota": 2}
"""How many in a row open the circuit, whatever was answered before: a key is revoked, money runs out."""

NEVER_RIGHT_COUNT = 20

WORDS: dict[ErrorKind, str] = {
    "auth": "the key was refused",
    "permission": "access was denied",
    "config": "it could not be called as it is configured",
    "quota": "the quota or the credit is used up",
    "not_found": "the model or the endpoint was not found",
    "invalid_request": "the request was refused as invalid",
}
HINTS: dict[ErrorKind, str] = {
    "auth": "check the key, then run the same command again",
    "permission": "check what the key may do in the provider's console, then run the same command again",
    "config": "correct the profile, then run the same command again",
    "quota": "top up or raise the limit in the provider's console, then run the same command again",
    "not_found": "check the profile's model with `thinkdial models`, then run the same command again",
    "invalid_request": "check the profile's params and the rows, then run the same command again",
}


class Circuit:
    """Counts failures of one kind in a row; `broken` is set when it makes no sense to go on."""

    def __init__(self) -> None:
        self.broken: Failure | None = None
        self._kind: ErrorKind | None = None
        self._count = 0
        self._any_good = False

    def good(self) -> None:
        """A call was answered."""
        self._any_good = True
        self._kind, self._count = None, 0

    def bad(self, kind: ErrorKind) -> None:
        """A call has failed. What may pass by itself counts neither for nor against."""
        if kind not in WORDS or self.broken is not None:
            return
        self._count = self._count + 1 if kind == self._kind else 1
        self._kind = kind
        most = HARD.get(kind)
        if most is None:
            most = NEVER_RIGHT_COUNT
            if self._any_good:
                return
        if self._count >= most:
            words = f"{self._count} calls in a row failed: {WORDS[kind]}"
            self.broken = Failure(kind, words, hint=HINTS[kind])
