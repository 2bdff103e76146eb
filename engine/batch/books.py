"""What a batch costs, entered into the history."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ..runs.run import kept_of

if TYPE_CHECKING:
    from ...profiles.config import Config
    from ...providers.errors import StoreError
    from ..history.record import Recorder
    from .listener import Listener


def recorder_for(
    config: Config, run_id: str, asked: str, system: str | None, *, keeps_history: bool
) -> Recorder | None:
    """What writes the costs into the history; None when not even they are to be remembered."""
    kept = kept_of(config, no_history=not keeps_history)
    if kept is None:
        return None
    from ..history.heads import Retention, RunHead
    from ..history.record import Recorder

    # The results themselves are in the output; of the run there is one line.
    kept = "run" if kept == "everything" else kept
    head = RunHead(run_id, datetime.now(UTC), "batch", asked, system, simulated=False, kept=kept)
    return Recorder(head, retention=Retention(config.history.keep_days, config.history.max_mb))


def tell_unbooked(problem: StoreError | None, listener: Listener) -> None:
    """Tell why the costs of a batch are not in the history, if something went wrong."""
    if problem is not None:
        listener.note(f"what this batch cost is not in the history: {problem.message}", important=True)
