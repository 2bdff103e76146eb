"""What a recorder is told before anything is sent: of the run, of each call, and how long all of it is kept. Light."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from ...providers.schema import Json
from ...providers.turns.pieces import TurnPiece

Kept = Literal["everything", "run", "sums"]
"""What is stored of a run: everything; only that it took place, beside the sums; or the sums alone."""


class TurnHead(Struct, frozen=True):
    """The turn of a session that a run adds, by the call at `position`, after the turn `parent`.

    `way` has the stored numbers of the turns before it, from the first to the last, `compactions` those of the
    compactions on the way.
    """

    session: int
    tree: int
    parent: int | None
    name: str
    asked: Json
    position: int = 0
    way: tuple[int, ...] = ()
    compactions: tuple[int, ...] = ()


class RunHead(Struct, frozen=True):
    """What is known of a run before anything is sent. `command` is `ask`, `compare`, `batch`, `chat` or `demo`.

    `turn` is for the run that goes on with a session; it is kept with everything.
    `files` are the parts of the prompt, where files are among them.
    """

    run_id: str
    created_at: datetime
    command: str
    prompt: str
    system: str | None
    simulated: bool
    kept: Kept = "everything"
    turn: TurnHead | None = None
    files: tuple[TurnPiece, ...] = ()


class CallHead(Struct, frozen=True):
    """One call as it was sent. `sent` holds what people may read and a replay needs, credentials masked.

    `host` is who is asked; `simulated`: it has proved to be a simulator, so that nothing is spent.
    """

    profile: str
    provider: str
    dialect: str
    model: str
    think: str
    sent: Json
    host: str = ""
    simulated: bool = False


class Retention(Struct, frozen=True):
    """What is kept: runs of the last `days`, and no more than `megabytes` (2**20 bytes). None is without limit.

    `file_days` is how long the bytes of attached files stay after they were last sent.
    """

    days: int | None = None
    megabytes: int | None = None
    file_days: int | None = None
