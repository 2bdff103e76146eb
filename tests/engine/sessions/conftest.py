"""Sessions in a history of the test's own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from thinkdial.engine.history.store import Store

from ..history.made import SENT, result, store_run

PRIME = b"".join(
    b"data: " + json.dumps(event).encode() + b"\n\n"
    for event in (
        {"type": "message_start", "message": {"id": "m", "model": "claude-opus-5-5", "usage": {"input_tokens": 9}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "7 x 13"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "SIGNED"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "No."}},
        {"type": "content_block_stop", "index": 1},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 20}},
        {"type": "message_stop"},
    )
)
"""An answer in the wire's bytes: signed thinking, and `No.`"""

Stored = Callable[..., int]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.sqlite3"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(path, create=True) as opened:
        yield opened


@pytest.fixture
def stored(path: Path) -> Stored:
    """Stores a run whose answers are `PRIME`, one for each profile; its number."""

    def run(
        *profiles: str, prompt: str = "Is 91 prime?", raw: bytes = PRIME, killed: Sequence[int] = (), **more: Any
    ) -> int:
        made = [result(profile) for profile in profiles or ("claude",)]
        run_id = f"run{len(list(path.parent.iterdir()))}-{prompt[:8]}-{'-'.join(profiles)}"
        return store_run(path, made, run_id=run_id, prompt=prompt, raw=raw, sent=SENT, killed=killed, **more)

    return run
