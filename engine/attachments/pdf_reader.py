"""The text of a PDF: bytes on standard input, JSON on standard output. Run by itself, with bounds, by `pdf_text.py`.

Nothing of the package is imported here: a PDF that is meant to do harm meets a process that has nothing.
"""

from __future__ import annotations

import io
import json
import sys
from typing import Any

MOST_PAGES = 1000
MOST_CHARACTERS = 4_000_000
MOST_MEMORY = 1 << 30
MOST_CPU_S = 20


def bound() -> None:
    """Bound the memory and the time of this process, where the system can."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU_S, MOST_CPU_S))


def read(data: bytes) -> dict[str, Any]:
    """The text by page, `pages` in all, or what is wrong in `problem`."""
    import logging

    from pypdf import PdfReader

    logging.disable(logging.CRITICAL)
    document = PdfReader(io.BytesIO(data), strict=False)
    if document.is_encrypted:
        return {"problem": "it is encrypted"}
    pages, texts, left = len(document.pages), list[str](), MOST_CHARACTERS
    for number in range(min(pages, MOST_PAGES)):
        text = document.pages[number].extract_text()[:left]
        left -= len(text)
        texts.append(text)
        if left <= 0:
            break
    return {"pages": pages, "texts": texts}


def main() -> None:
    """Read, and write what was found, whatever it is."""
    bound()
    try:
        found = read(sys.stdin.buffer.read())
    except MemoryError:
        found = {"problem": "it takes more memory than it may"}
    except RecursionError:
        found = {"problem": "it is nested too deeply"}
    except Exception as error:
        found = {"problem": f"it cannot be read: {str(error)[:200] or type(error).__name__}"}
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
