"""What docs/sessions.md shows does what it says."""

from __future__ import annotations

import re
import shutil

import pytest

from .conftest import Reader
from .pages import ROOT

PAGE = (ROOT / "docs" / "sessions.md").read_text(encoding="utf-8")
WENT_ALONG = re.compile(r"\d+ turns?, reasoning [^\n]*")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_the_conversation_runs_as_it_is_written(reader: Reader) -> None:
    script = re.search(r"^rm -f \S+; thinkdial simulate .*?^kill %1$", PAGE, re.DOTALL | re.MULTILINE)
    shown = re.search(r"```text\n(.*?)```", PAGE, re.DOTALL)
    assert script is not None and shown is not None
    done = reader.types(script.group(), strict=False)
    printed = done.stdout + done.stderr
    assert "session bridge goes on with sim-openai: turn 3" in printed
    promised = WENT_ALONG.findall(shown.group(1))
    assert len(promised) == 6
    assert not [words for words in promised if words not in printed], printed


def test_every_fate_and_short_reason_of_the_page_is_one_of_ours() -> None:
    from thinkdial.cli.views.run.continuity import SHORT
    from thinkdial.engine.planning.fates import Fate

    fates = re.findall(r"^- `(\w+)`: it", PAGE, re.MULTILINE)
    assert set(fates) <= set(Fate.__args__)  # type: ignore[attr-defined]
    table = re.search(r"^\| reason \| short.*?\n\n", PAGE, re.DOTALL | re.MULTILINE)
    assert table is not None
    assert {row.split("|")[2].strip().strip("`") for row in table.group().strip().splitlines()[2:]} <= {
        short for _, short in SHORT
    }
