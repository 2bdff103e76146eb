"""The text of a PDF: page by page, bounded, and never with our surroundings."""

from __future__ import annotations

import io
import sys
import zlib
from pathlib import Path

import pytest

from tests.files_made import pdf, written_pdf
from thinkdial.engine.attachments import pdf_text
from thinkdial.engine.attachments.converted import stand_ins_of
from thinkdial.engine.attachments.pdf_text import PdfError, text_of
from thinkdial.engine.attachments.sources import attachment_of
from thinkdial.providers.errors import UsageError


def test_text_comes_by_page_and_pages_without_any_are_named() -> None:
    piece = attachment_of(written_pdf("The best year was 1999.", "", "The end."), "paper.pdf", "paper.pdf").piece()
    ((one,),) = stand_ins_of([piece]).values()
    assert "[File paper.pdf]\n[Page 1]\nThe best year was 1999." in one.piece.text
    assert "[Page 3]\nThe end." in one.piece.text
    assert one.words == "sent as its text, 3 pages, without any on 2; lost: layout, images and tables as such"


def test_what_has_no_text_to_give_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    from pypdf import PdfWriter

    locked = PdfWriter()
    locked.add_blank_page(100, 100)
    locked.encrypt("secret")
    file = io.BytesIO()
    locked.write(file)
    with pytest.raises(PdfError, match="none of its pages has text"):
        text_of(written_pdf("", ""))
    with pytest.raises(PdfError, match="encrypted"):
        text_of(file.getvalue())
    with pytest.raises(PdfError, match="cannot be read"):
        text_of(b"%PDF-1.4\nnothing")
    monkeypatch.setattr(pdf_text, "find_spec", lambda name: None)  # pyright: ignore[reportUnknownLambdaType]
    with pytest.raises(PdfError, match="pypdf is not installed"):
        text_of(written_pdf("a"))


def test_the_reader_is_stopped_and_has_no_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    slow = tmp_path / "slow.py"
    slow.write_text("import os, time\nassert 'OPENAI_API_KEY' not in os.environ\ntime.sleep(60)\n", encoding="utf-8")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    monkeypatch.setattr(pdf_text, "_READER", slow)
    with pytest.raises(PdfError, match="not read within 1 s"):
        text_of(b"", seconds=1)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="nothing bounds memory there")
def test_a_pdf_that_unpacks_to_gigabytes_ends() -> None:

    squeezer = zlib.compressobj(9)
    packed = b"".join(squeezer.compress(bytes(2**20)) for _ in range(500)) + squeezer.flush()
    with pytest.raises(PdfError):
        text_of(written_pdf(packed=packed), seconds=3)


def test_a_pdf_without_a_page_is_refused() -> None:
    with pytest.raises(UsageError, match="without a page"):
        attachment_of(pdf(0), "empty.pdf", "empty.pdf")
