"""The `limiter:` of the configuration -> `LimiterSettings`: the server whose leave and money a run asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, cast

from msgspec import Struct

from ..sections.section import Section
from ..trust import not_of_projects

LIMITER_KEYS = ("url", "token_env", "ca", "unreachable")

Unreachable = Literal["refuse", "wait", "alone"]
UNREACHABLE: tuple[Unreachable, ...] = ("refuse", "wait", "alone")


class LimiterSettings(Struct, frozen=True):
    """Where the limiter is and how it is spoken to. `job` is the name under which runs share one `--max-cost`.

    `unreachable` says what becomes of a run that does not find it: it is refused, waits, or goes on with its own
    limits alone. `token_env` names the variable that holds the token, `ca` the file of the authority to trust.
    """

    url: str
    token_env: str = "THINKDIAL_LIMITER_TOKEN"  # noqa: S105 the name of a variable
    ca: Path | None = None
    unreachable: Unreachable = "refuse"
    job: str | None = None


def read_limiter(root: Section, base: LimiterSettings | None, *, is_users: bool) -> LimiterSettings | None:
    """What one file says under `limiter`; null takes it away. Raises `ConfigError` for what is wrong.

    `is_users`: the file is the user's own, or was named by the user. A project's file, trusted or not, may not say
    whom the user's money and pace are told to, nor take the limiter away.
    """
    if not is_users:
        raise not_of_projects(root, "limiter")
    section = root.section("limiter")
    if section is None:
        return None
    section.only(LIMITER_KEYS)
    url = section.text("url") or (None if base is None else base.url)
    if not url:
        raise section.bad("url", "is missing", "for instance url: unix:///run/user/1000/thinkdial-limiter.sock")
    known = base or LimiterSettings(url)
    ca, said = section.text("ca"), section.choice("unreachable", UNREACHABLE)
    unreachable = known.unreachable if said is None else cast("Unreachable", said)
    token_env = section.text("token_env") or known.token_env
    return LimiterSettings(url, token_env, Path(ca).expanduser() if ca else known.ca, unreachable)
