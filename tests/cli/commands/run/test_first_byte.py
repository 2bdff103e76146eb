"""What happens before the first byte leaves: nothing of the history, of prices or of keyrings."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

WATCHED = """
import json, socket, sys
from pathlib import Path

send, data, seen = socket.socket.send, Path(sys.argv.pop(1)), Path(sys.argv.pop(1))
first = []

def watched(self, *arguments):
    if self.family == socket.AF_INET and not first:
        first.extend(sys.modules)
        first.append(f"database: {any(data.rglob('*.sqlite3'))}")
    return send(self, *arguments)

socket.socket.send = watched
from thinkdial.cli.main import main
try:
    main()
finally:
    seen.write_text(json.dumps({"first": first, "last": list(sys.modules)}))
"""

LATE = (
    "sqlite3", "genai_prices", "pydantic", "keyring", "jinja2", "thinkdial.engine.costs.forecast",
    "thinkdial.engine.costs.budget.ledger", "thinkdial.engine.costs.budget.purse",
    "thinkdial.engine.costs.prices.quote", "thinkdial.engine.costs.prices.price_table",
    "thinkdial.engine.history.store", "thinkdial.engine.history.writer", "thinkdial.engine.history.retention",
    "thinkdial.engine.history.sums.spend", "thinkdial.engine.history.read",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("command", ["ask", "compare"])
def test_history_and_prices_wait_for_the_first_byte(
    process: Any, sim: Path, tmp_path: Path, own_home: Path, command: str
) -> None:
    seen = tmp_path / "seen.json"
    ended = subprocess.run(
        [sys.executable, "-c", WATCHED, own_home, seen, command, "hello", "-p", "o", "--config", sim],
        capture_output=True, env=process.environment(), timeout=30, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    modules = json.loads(seen.read_text())
    assert "database: False" in modules["first"] and any(own_home.rglob("*.sqlite3"))
    assert {"httptools", "asyncio"} <= set(modules["first"])
    assert {"sqlite3", "genai_prices", "thinkdial.engine.history.writer"} <= set(modules["last"]), "it is kept, later"
    assert [name for name in LATE if name in modules["first"]] == []
