"""Whether an address is that of a simulator: by a mark in the configuration, and a proof that only it can give.

The mark is a secret that `thinkdial simulate` prints into the profiles it makes. It is never sent: the address gets
a random challenge and answers with its HMAC-SHA256. No answer of a server makes it simulated without the mark, or any
proxy could hide what is spent.
"""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ...profiles.config import Config
from ...profiles.profile import Profile
from ...providers.json_values import obj, parse_json, text
from .target import is_loopback

TIMEOUT_S = 1.0
HOLDS_S = 10.0
"""For how long a proof is believed: somebody else may listen at the address after that."""

MOST_BYTES = 4096

_proven: dict[tuple[str, str], float] = {}


def is_simulated(profile: Profile, base_url: str) -> bool:
    """Whether `profile` bears a simulator's mark, and the loopback address that is called proves to be that simulator.

    It asks there, which takes a moment, at most `TIMEOUT_S`.
    """
    mark = profile.simulated
    if mark is None or not is_loopback(base_url):
        return False
    key = (urlsplit(base_url).netloc, mark)
    now = time.monotonic()
    if _proven.get(key, now) > now:
        return True
    if not _proves(*key):
        return False
    _proven[key] = now + HOLDS_S
    return True


def simulated_profiles(config: Config) -> frozenset[str]:
    """The names of all profiles of `config` that are simulated."""
    marked = (one for one in config.profiles.values() if one.simulated is not None and one.base_url is not None)
    return frozenset(one.name for one in marked if is_simulated(one, str(one.base_url)))


def answer_of(mark: str, challenge: str) -> str:
    """What a simulator with this mark answers to a challenge."""
    import hashlib
    import hmac

    return hmac.new(mark.encode(), challenge.encode(), hashlib.sha256).hexdigest()


def own_mark(path: Path | None = None) -> str:
    """The mark of this user's simulators: the same each time, so that profiles that were saved go on to be believed."""
    from ...profiles.disk import data_place, read_bounded, save_private
    from ...providers.errors import ConfigError

    path = path or data_place() / "simulator-mark"
    with suppress(OSError, ValueError, ConfigError):
        kept = read_bounded(path, MOST_BYTES).decode("ascii").strip()
        if len(kept) >= 32 and kept.isalnum():
            return kept
    import secrets

    made = secrets.token_hex(16)
    with suppress(ConfigError):  # then it holds for this one alone
        save_private(path, f"{made}\n")
    return made


def _proves(netloc: str, mark: str) -> bool:
    import hmac
    import secrets

    challenge = secrets.token_hex(16)
    answer = obj(_asked(netloc, challenge)).get("proof")
    return hmac.compare_digest((text(answer) or "").encode(), answer_of(mark, challenge).encode())


def _asked(netloc: str, challenge: str) -> Any:
    """What the root of a server says to a challenge; None where it says nothing that can be read."""
    from http.client import HTTPConnection, HTTPException

    connection = HTTPConnection(netloc.rpartition("@")[2], timeout=TIMEOUT_S)
    try:
        connection.request("GET", f"/?challenge={challenge}", headers={"connection": "close"})
        return parse_json(connection.getresponse().read(MOST_BYTES))
    except (OSError, HTTPException, ValueError):
        return None
    finally:
        connection.close()
