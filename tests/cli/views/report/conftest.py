"""A browser to open pages in, where there is one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .browser import Browser, find_chromium


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = find_chromium()
    if program is None:
        pytest.skip("no Chromium: install the package `chromium`, or set $CHROMIUM to the program")
    running = Browser(program, tmp_path_factory.mktemp("chromium"))
    yield running
    running.close()
