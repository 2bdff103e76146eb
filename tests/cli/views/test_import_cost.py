"""What is not needed is not imported: a cold start is part of the product."""

from __future__ import annotations

import subprocess
import sys

import pytest


def imported_with(module: str) -> set[str]:
    code = f"import sys, importlib; importlib.import_module({module!r}); print(*sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["run.answers", "run.table", "run.receipt", "run.export"])
def test_markdown_is_imported_only_to_render_it(name: str) -> None:
    modules = imported_with(f"thinkdial.cli.views.{name}")
    assert not modules & {"rich.markdown", "rich.syntax", "pygments", "markdown_it"}


def test_text_helpers_need_no_rich() -> None:
    assert not any(m.startswith("rich") for m in imported_with("thinkdial.providers.untrusted"))
    assert not any(m.startswith("rich") for m in imported_with("thinkdial.cli.views.run.rows"))
