"""Other dialects of a provider than its usual one, from a profile to the answer, against the simulator."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from thinkdial.simulator import Simulator

ROUTES = {
    "invoke": ("bedrock", "bedrock-invoke", "/bedrock", "global.anthropic.claude-opus-5-5"),
    "old": ("bedrock", "bedrock-invoke", "/bedrock", "us.anthropic.claude-haiku-4-5-20251001-v1:0"),
    "interactions": ("google", "gemini-interactions", "/google", "gemini-4-argon"),
    "former": ("google", "gemini-interactions", "/google", "gemini-2.5-flash"),
}


@pytest.fixture
def config(simulator: Simulator, tmp_path: Path) -> Path:
    path = tmp_path / "routes.yaml"
    lines = ["profiles:"]
    for name, (provider, dialect, where, model) in ROUTES.items():
        for suffix, stream in (("", "true"), ("-whole", "false")):
            lines.append(
                f"  {name}{suffix}: {{provider: {provider}, dialect: {dialect}, model: '{model}', stream: {stream}, "
                f"base_url: '{simulator.base_url}{where}', api_key_env: SIM_KEY}}"
            )
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ROUTES)
@pytest.mark.parametrize("think", ["low", "high", "auto"])
def test_a_stream_and_a_whole_body_give_the_same_result(
    cli: Callable[..., Any], config: Path, name: str, think: str
) -> None:
    asked = ("--think", think, "--json", "--config", config)
    streamed, whole = cli("compare", "Is 91 prime?", "-p", name, "-p", f"{name}-whole", *asked).json["results"]
    for result in (streamed, whole):
        assert result["status"] == "ok" and result["answer"], result
        assert result["dialect"] == ROUTES[name][1]
        if (name, think) != ("old", "auto"):
            assert result["think"]["verdict"] == "as_asked", result["think"]
            assert result["reasoning"]["text"] and result["reasoning"]["visibility"] == "summary"
    for field in ("answer", "reasoning", "usage", "finish", "model_reported"):
        assert streamed[field] == whole[field], field


@pytest.mark.parametrize(
    "fault", ["overloaded_midstream", "disconnect", "garbage", "wrong_content_type", "no_terminal"]
)
@pytest.mark.parametrize("name", ["invoke", "interactions"])
def test_a_broken_stream_is_told(cli: Callable[..., Any], config: Path, name: str, fault: str) -> None:
    text = config.read_text(encoding="utf-8").replace(ROUTES[name][3], f"{ROUTES[name][3]}@{fault}")
    config.write_text(text, encoding="utf-8")
    ended = cli("ask", "Is 91 prime?", "-p", name, "--retries", "0", "--json", "--config", config)
    result = ended.json["results"][0]
    assert "Traceback" not in ended.everything
    if fault == "wrong_content_type" and name == "interactions":
        assert result["status"] == "ok"
    else:
        assert result["status"] in ("partial", "error") and result["error"]["kind"], result
