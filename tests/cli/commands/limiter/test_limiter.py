"""`thinkdial limiter`, and --limiter and --job of runs."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Ended, Process

Cli = Callable[..., "Ended"]


def listening(process: Process, *words: object) -> tuple[str, Any]:
    """A limiter that has begun, and its address."""
    server = process.start("limiter", "serve", *words)
    line = server.stderr.readline().decode()
    assert "listens at" in line, line
    return line.partition("listens at ")[2].partition(";")[0], server


def test_refusals_before_anything_is_sent(cli: Cli, sim: Path, tmp_path: Path) -> None:
    for words, said in (
        (("limiter", "serve", "tcp://0.0.0.0:7433"), "without a token and TLS"),
        (("limiter", "serve", "http://localhost"), "no address of a limiter"),
        (("limiter", "serve", f"unix://{tmp_path}/s", "--token-file", tmp_path / "none"), "is not there"),
        (("limiter", "status", f"unix://{tmp_path}/other"), f"unix://{tmp_path}/other cannot be reached"),
        (("limiter", "status", "--limiter", f"unix://{tmp_path}/none"), "cannot be reached"),
        (("ask", "x", "-p", "a", "--config", sim, "--limiter", f"unix://{tmp_path}/none"), "cannot be reached"),
        (("ask", "x", "-p", "a", "--config", sim, "--job", "night"), "--job needs a limiter"),
        (("ask", "x", "-p", "a", "--config", sim, "--limiter", "tcp://example.org:1"), "no TLS"),
    ):
        ended = cli(*words)
        assert ended.code == 2 and said in ended.err, (words, ended)


def test_a_project_file_may_not_name_a_limiter(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".thinkdial.yaml").write_text("limiter: {url: 'tcp://127.0.0.1:1'}\n", encoding="utf-8")
    ended = cli("plan", "x", "-p", "claude")
    assert ended.code == 2 and "taken from your own configuration" in ended.err


def test_a_token_is_private_and_not_printed(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "new" / "limiter.token"
    ended = cli("limiter", "token", path)
    secret = path.read_text(encoding="ascii").strip()
    assert ended.code == 0 and len(secret) >= 40 and secret not in ended.out + ended.err
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert cli("limiter", "token", path).code == 2, "one that is there stays"


@pytest.mark.slow
def test_a_run_by_leave_of_a_limiter_and_its_status(cli: Cli, process: Process, sim: Path, tmp_path: Path) -> None:
    token = tmp_path / "token"
    cli("limiter", "token", token)
    environment = {"THINKDIAL_LIMITER_TOKEN": token.read_text(encoding="ascii").strip()}
    url, server = listening(
        process, "tcp://127.0.0.1:0", "--token-file", token, "--store", tmp_path / "store.sqlite3"
    )  # fmt: skip
    again = process("limiter", "serve", "tcp://127.0.0.1:0", "--store", tmp_path / "store.sqlite3")
    assert again.code == 2 and "another limiter uses it" in again.err
    asked = process("ask", "Is 91 prime?", "-p", "a", "--config", sim, env={**environment, "THINKDIAL_LIMITER": url})
    assert asked.code == 0, asked
    refused = process("ask", "x", "-p", "a", "--config", sim, "--limiter", url)
    assert refused.code == 2 and "token" in refused.err
    status = process("limiter", "status", "--limiter", url, "--json", env=environment)
    assert status.code == 0
    (bucket,) = status.json["buckets"]
    assert bucket["calls"] == 1 and bucket["under_way"] == 0 and "KEY" not in status.out
    assert {one["span"].split()[0] for one in status.json["money"]} == {"day", "month"}
    shown = process("limiter", "status", "--limiter", url, env=environment)
    assert "claude-opus-5-5" in shown.out and "at 127.0.0.1" in shown.out
    server.terminate()
    assert server.wait(20) == 0
