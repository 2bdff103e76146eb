"""The text of a PDF, read by pypdf in a process of its own: bounded in time, memory and pages, and without our keys."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from msgspec import Struct

from ...providers.json_values import obj
from .images import INSTALL

MOST_SECONDS = 40.0
_READER = Path(__file__).with_name("pdf_reader.py")
_NEEDED = ("SYSTEMROOT", "PATH", "LD_LIBRARY_PATH", "TMPDIR", "TEMP")


class PdfError(ValueError):
    """A PDF whose text cannot be had."""


class PdfText(Struct, frozen=True):
    """`texts` by page, in order, as far as was read; `pages` in all."""

    pages: int
    texts: tuple[str, ...]

    @property
    def without_text(self) -> list[int]:
        """The numbers of the pages that were read and have none."""
        return [number for number, text in enumerate(self.texts, 1) if not text.strip()]


def text_of(data: bytes, *, seconds: float = MOST_SECONDS) -> PdfText:
    """What can be read of it. Raises `PdfError`."""
    if find_spec("pypdf") is None:
        raise PdfError(f"pypdf is not installed: {INSTALL}")
    surroundings = {name: os.environ[name] for name in _NEEDED if name in os.environ}
    surroundings["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    try:
        command = [sys.executable, str(_READER)]
        ended = subprocess.run(  # noqa: S603 ours, and no shell
            command, check=False, input=data, capture_output=True, timeout=seconds, env=surroundings
        )
    except subprocess.TimeoutExpired:
        raise PdfError(f"its text was not read within {seconds:.0f} s") from None
    except OSError as error:
        raise PdfError(f"no process can be started for it: {error.strerror}") from None
    try:
        found = obj(json.loads(ended.stdout))
    except ValueError:
        raise PdfError("reading its text took more time or memory than it may") from None
    if problem := found.get("problem"):
        raise PdfError(str(problem))
    read = PdfText(int(found.get("pages") or 0), tuple(map(str, found.get("texts") or ())))
    if read.pages == 0:
        raise PdfError("it has no pages")
    if not any(text.strip() for text in read.texts):
        raise PdfError("none of its pages has text: it may be a scan")
    return read
