"""What goes out for files and shapes is written down and read by people, and is what the vendors' SDKs would send."""

from __future__ import annotations

import json
import runpy
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from thinkdial.profiles.config import load_builtin
from thinkdial.providers.errors import ThinkdialError

from ...late import Late
from .routes import PROVIDERS
from .test_sdk_types import check

botocore_session: Any = Late("botocore.session")
botocore_validate: Any = Late("botocore.validate")

ROOT = Path(__file__).resolve().parents[3]
OWN_WAYS = {("perplexity", "pdf")}
"""Hosts whose parts are none of the vendor whose wire they speak."""
SHARED = {
    "openai-chat": ("model", "messages", "response_format", "tools", "tool_choice"),
    "openai-responses": ("model", "input", "instructions", "text", "tools", "tool_choice"),
    "anthropic-messages": ("model", "max_tokens", "messages", "system", "output_config", "tools", "tool_choice"),
}
"""What other hosts have of a vendor's wire, whatever they add to it."""


@cache
def script() -> dict[str, Any]:
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        return runpy.run_path(str(ROOT / "scripts" / "golden_parts.py"))
    finally:
        sys.path.remove(str(ROOT / "scripts"))


@pytest.mark.slow
def test_the_table_is_the_one_that_was_read_and_people_can_read_it() -> None:
    written = script()["TARGET"].read_text(encoding="utf-8")
    current, known = script()["golden_text"](load_builtin()), set(written.splitlines())
    changed = [line for line in current.splitlines() if line not in known]
    assert current == written, f"python scripts/golden_parts.py, then read the diff: {changed[:10]}"
    assert len(written.encode()) < 150_000
    for dialect in ("openai-chat", "anthropic-messages", "bedrock-converse", "gemini-generate", "ollama-chat"):
        for case in ("image", "pdf", "audio", "json", "schema", "free tool", "forced tool"):
            assert f"\n== {dialect}: {case} ==\n" in written


@cache
def converse() -> Any:
    return botocore_session.get_session().get_service_model("bedrock-runtime").operation_model("Converse").input_shape


def check_converse(body: dict[str, Any]) -> None:
    """Hold a body against Amazon's own model of its service."""
    report = botocore_validate.ParamValidator().validate({"modelId": "m", **body}, converse())
    assert not report.has_errors(), report.generate_report()


@pytest.mark.slow
def test_every_body_is_one_that_the_newest_sdk_could_have_written() -> None:
    config, wrong, checked = load_builtin(), list[str](), 0
    for sharing in script()["alike"](config):
        target = sharing[0]
        name, dialect = target.provider.name, target.dialect
        for case in script()["cases"]():
            for think in script()["THINK_VALUES"]:
                try:
                    body = json.loads(script()["made"](target, think, case.prompt, config).request.body)
                except ThinkdialError:
                    continue
                if name not in PROVIDERS and dialect in SHARED:  # some name the model in the address
                    body = {"model": "m", **{key: body[key] for key in SHARED[dialect] if key in body}}
                try:
                    if dialect == "bedrock-converse":
                        check_converse(body)
                    elif (name in PROVIDERS or dialect in SHARED) and (name, case.name) not in OWN_WAYS:
                        check(dialect, body)
                    else:
                        continue
                except (ValidationError, AssertionError) as error:
                    wrong.append(f"{name}/{dialect}/{target.profile.model} {case.name} {think}: {error}")
                checked += 1
    assert not wrong, f"{len(wrong)}: {wrong[:5]}"
    assert checked > 4000


@pytest.mark.slow
def test_the_check_of_converse_finds_what_is_wrong() -> None:
    with pytest.raises(AssertionError, match="textFormatt"):
        check_converse({"messages": [], "outputConfig": {"textFormatt": {}}})
