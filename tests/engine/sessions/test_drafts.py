"""Drafts are kept for their owner alone, come back as they were, and never stop anything."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from thinkdial.engine.sessions import drafts
from thinkdial.engine.sessions.drafts import Draft, draft_path, forget_draft, keep_draft, read_draft
from thinkdial.engine.sessions.names import free_name

from ...cases import each


def test_a_draft_comes_back_as_it_was(own_home: Path) -> None:
    draft = Draft("a thought\nin two lines ▸", frozenset({"notes.txt"}))
    assert keep_draft("one", draft) and read_draft("one") == draft and read_draft("two") == Draft()
    path = draft_path("one")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert path.is_relative_to(own_home)
    assert keep_draft("one", Draft("  \n")) and not path.exists()
    assert forget_draft("one")


@each("content", [b"", b"{", b"[]", b'{"text": 1}', b"\xff", b'{"text": "x", "pasted": 3}'])
def test_what_is_no_draft_is_none(content: bytes) -> None:
    keep_draft("one", Draft("x"))
    draft_path("one").write_bytes(content)
    assert read_draft("one") == Draft()


def test_a_draft_that_cannot_be_kept_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "MOST_BYTES", 50)
    assert not keep_draft("one", Draft("x" * 100)) and read_draft("one") == Draft()
    draft_path("one").parent.parent.mkdir(parents=True)
    draft_path("one").parent.write_text("in the way")
    assert not keep_draft("one", Draft("x")) and not forget_draft("one") and read_draft("one") == Draft()


def test_a_free_name_is_the_first_that_nobody_has() -> None:
    assert free_name("chat", ()) == "chat-1"
    assert free_name("Chat", ("chat-1", "CHAT-2", "chat-4", "tea")) == "Chat-3"
