"""Take the pages' pictures of the report, of real runs against the simulator: python scripts/report_pictures.py."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from pictures import IMAGES, sample_run

from thinkdial.cli.views.report import report_page
from thinkdial.engine.results.result import Run
from thinkdial.simulator import DEMO_PACE, running_simulator

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "cli" / "views" / "report"))

from browser import Browser, find_chromium  # pyright: ignore[reportMissingImports]

PROFILES = ("claude", "gpt", "gemini")


def main() -> None:
    program = find_chromium()
    if program is None:
        sys.exit("no Chromium: install the package `chromium`, or set $CHROMIUM to the program")
    with running_simulator(pace=DEMO_PACE) as base_url:
        compared = sample_run(base_url, PROFILES, ("high",))
        swept = sample_run(base_url, PROFILES, ("off", "low", "high"))
    with tempfile.TemporaryDirectory() as directory:
        browser = Browser(program, Path(directory) / "profile")
        take(browser, "report-answers", compared, Path(directory), dark=False, until=".charts")
        take(browser, "report-charts", swept, Path(directory), dark=True, since=".charts", until=".numbers")
        browser.close()


def take(
    browser: Browser, name: str, run: Run, directory: Path, *, dark: bool, until: str, since: str = ".brand"
) -> None:
    """Write `NAME.png`: the page 1280 pixels wide, from one element to just above the section of another."""
    file = directory / f"{name}.html"
    file.write_text(report_page([run]), encoding="utf-8")
    page = browser.open(width=1280, height=1000, dark=dark)
    page.go(file)
    top, bottom = (
        page.run(
            f"document.querySelector('{selector}').closest('section, header').getBoundingClientRect().top + scrollY"
        )
        for selector in (since, until)
    )
    (IMAGES / f"{name}.png").write_bytes(page.picture(top=max(top - 16, 0), height=bottom - top - 8))
    page.close()


if __name__ == "__main__":
    main()
