"""docs/library.md: each of its programs runs as it stands there, and it leaves out no field of a result."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

import thinkdial
from thinkdial.profiles.config import user_file
from thinkdial.simulator import running_simulator

PAGE = Path(__file__).resolve().parent.parent / "docs" / "library.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
BLOCKS = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
PROGRAMS = [text for language, text in BLOCKS if language == "python"]
PROFILES = {
    "claude": ("anthropic", "claude-opus-5-5", "anthropic"), "gpt": ("openai", "gpt-6-sol", "openai/v1"),
    "gemini": ("google", "gemini-4-argon", "google"), "quick": ("openai", "gpt-6-sol", "openai/v1"),
}  # fmt: skip


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory of somebody who has keys, and whose profiles call the simulator."""
    for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.setenv(name, "simulated-key")
    for language, text in BLOCKS:
        if language == "yaml":
            (tmp_path / text.split()[1]).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "program",
    [
        pytest.param(text, id=str(number), marks=pytest.mark.slow if number % 4 else ())
        for number, text in enumerate(PROGRAMS)
    ],
)
def test_each_program_runs(program: str, reader: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (reader / "program.py").write_text(program, encoding="utf-8")
    user_file().parent.mkdir(parents=True)
    with running_simulator() as url:
        entries = "".join(
            f"  {name}: {{provider: {provider}, model: {model}, base_url: '{url}/{path}'}}\n"
            for name, (provider, model, path) in PROFILES.items()
        )
        user_file().write_text(f"profiles:\n{entries}", encoding="utf-8")
        runpy.run_path(str(reader / "program.py"), run_name="__main__")
    printed = capsys.readouterr().out
    assert printed.strip() and "auth " not in printed
    for comment in re.findall(r"print\(.*\)  # (.+)", program):
        assert comment in printed


def test_the_first_program_has_five_lines() -> None:
    assert len(PROGRAMS[0].splitlines()) == 5 and len(PROGRAMS) > 8


def test_every_field_of_a_result_is_on_the_page() -> None:
    words = set(re.findall(r"`(\w+)`", PAGE.read_text(encoding="utf-8")))
    values = (
        thinkdial.Result, thinkdial.ThinkReceipt, thinkdial.Reasoning, thinkdial.Usage, thinkdial.Cost,
        thinkdial.Latency, thinkdial.Notice, thinkdial.Run, thinkdial.RowResult, thinkdial.BatchRun,
        thinkdial.BatchSummary, thinkdial.BadRow,
    )  # fmt: skip
    assert not {name for value in values for name in value.__struct_fields__} - words


def test_every_error_and_option_is_on_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    errors = [name for name in thinkdial.__all__ if name.endswith("Error")]
    from thinkdial.engine.call_options import CALL_OPTIONS, CLIENT_OPTIONS, ROW_OPTIONS

    names = (*errors, *CALL_OPTIONS, *CLIENT_OPTIONS, *ROW_OPTIONS)
    assert not [name for name in names if not re.search(rf"`{name}[`=]", text)]
