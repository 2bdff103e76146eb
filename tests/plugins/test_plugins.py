"""The example of docs/plugins.md, installed as a package would be: a provider, and a dialect of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "plugins.md"

ODD = "{provider: openai-compatible, model: m, base_url: 'http://127.0.0.1:9'"

SPEAK = """
from thinkdial.providers.dialects.cohere_chat import (
    NEEDS_OUTPUT_LIMIT, QUIRKS, answers_in_error, build_request, decoder, read_error,
)
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A directory on the path that holds the example as an installed distribution."""
    code = re.search(r"```python\n# acme_thinkdial.py\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    assert code is not None
    (tmp_path / "acme_thinkdial.py").write_text(code[1], encoding="utf-8")
    (tmp_path / "acme_speak.py").write_text(SPEAK, encoding="utf-8")
    (tmp_path / "acme_broken.py").write_text("QUIRKS = frozenset()\n", encoding="utf-8")
    info = tmp_path / "acme_thinkdial-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-thinkdial\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(
        "[thinkdial.providers]\nacme = acme_thinkdial:PROVIDERS\n\n"
        "[thinkdial.dialects]\nacme-speak = acme_speak\nacme-broken = acme_broken\n",
        encoding="utf-8",
    )
    return tmp_path


def run(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "thinkdial.cli", *arguments],
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )


def test_the_provider_of_a_plugin_is_planned_by_its_own_spelling(site: Path) -> None:
    done = run(site, "plan", "hi", "-p", "acme/rocket-1", "--think", "high", "--json")
    assert done.returncode == 0, done.stderr
    (planned,) = json.loads(done.stdout)["plans"]
    assert planned["think"]["native"] == {"acme": {"depth": "high"}}
    assert planned["request"]["url"] == "https://api.acme.example/v1/chat/completions"


def test_a_profile_may_name_it(site: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("profiles: {rocket: {provider: acme, model: rocket-1, think: low}}\n", encoding="utf-8")
    done = run(site, "plan", "hi", "-p", "rocket", "--config", str(config), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["plans"][0]["think"]["fidelity"] == "assumed"


def test_the_dialect_of_a_plugin_is_spoken(site: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(
        f"profiles: {{odd: {ODD}, dialect: acme-speak}}}}\n",
        encoding="utf-8",
    )
    done = run(site, "plan", "hi", "-p", "odd", "--config", str(config), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["plans"][0]["request"]["url"] == "http://127.0.0.1:9/v2/chat"


def test_a_dialect_that_is_none_is_said(site: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(
        f"profiles: {{odd: {ODD}, dialect: acme-broken}}}}\n",
        encoding="utf-8",
    )
    done = run(site, "plan", "hi", "-p", "odd", "--config", str(config))
    assert done.returncode == 2
    assert "lacks" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_the_plugin_the_name_is_unknown() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "thinkdial.cli", "plan", "hi", "-p", "acme/rocket-1"],
        capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert "acme/rocket-1" in done.stderr
