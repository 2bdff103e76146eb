"""How a batch ended."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...providers.errors import Failure, ThinkdialError
from .output.summary import Tally
from .rows.digests import DigestMap


@dataclass(slots=True)
class Ended:
    """How a batch ended. `output_problem` is set when results could not be written; `lost` holds their lines."""

    rows: int
    bad_rows: int
    tally: Tally
    finished: bool
    budget: Failure | None = None
    output_problem: ThinkdialError | None = None
    pipe_closed: bool = False
    interrupted: bool = False
    order: DigestMap | None = None
    lost: tuple[bytes, ...] = ()
    broken: dict[str, Failure] = field(default_factory=dict[str, Failure])
