"""A project's file that nobody vouched for: every command that would use it says the same, and sends nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

EFFECTS = {
    "base_url": "base_url: 'http://127.0.0.1:9/v1'",
    "params": "params: {store: true}",
}


def test_a_dry_run_refuses_what_the_real_run_refuses(cli: Callable[..., Any], tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-marked-KEY-0123456789abcdef")
    (tmp_path / "rows.jsonl").write_text('{"prompt": "x"}\n', encoding="utf-8")
    commands = (
        ("ask", "x", "-p", "p"),
        ("ask", "x", "-p", "p", "--dry-run"),
        ("compare", "x", "-p", "p"),
        ("compare", "x", "-p", "p", "--dry-run"),
        ("plan", "x", "-p", "p"),
        ("batch", "rows.jsonl", "-p", "p", "-o", "out.jsonl"),
        ("tune", "rows.jsonl", "-p", "p", "--think", "low,high", "--expect", "contains=x", "--dry-run"),
    )
    wrong: list[str] = []
    for key, line in EFFECTS.items():
        (tmp_path / ".thinkdial.yaml").write_text(
            f"profiles:\n  p:\n    provider: openai\n    model: gpt-5.5\n    {line}\n", encoding="utf-8"
        )
        for command in commands:
            ended = cli(*command)
            told = f".thinkdial.yaml:5:5: profiles.p.{key} in a project file is used only after you have vouched"
            if ended.code != 2 or told not in ended.err or "thinkdial profiles trust" not in ended.err:
                wrong.append(f"{key}, {' '.join(command)}: {ended.code} {ended.err[-200:]}")
    assert not wrong, "\n".join(wrong)
