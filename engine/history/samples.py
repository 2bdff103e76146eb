"""The output of the user's own runs, for forecasts."""

from __future__ import annotations

from .store import Store, reading


def output_samples(
    store: Store, provider: str, host: str, model: str, think: str, limit: int = 200
) -> list[tuple[int | None, int]]:
    """Input and output tokens of the newest whole answers of one kind, newest first; simulated ones never count.

    They are kept by host: one provider's name may stand for many servers, with models of the same name.
    """
    with reading(store) as connection:
        found = connection.execute(
            "SELECT input_tokens, output_tokens FROM results"
            " WHERE provider = ? AND host = ? AND model = ? AND think = ?"
            " AND status = 'ok' AND output_tokens IS NOT NULL AND simulated = 0"
            " ORDER BY number DESC LIMIT ?",
            (provider, host, model, think, limit),
        )
        return list(found)
