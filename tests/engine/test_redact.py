"""Our own credentials in what servers send back."""

from __future__ import annotations

import pytest

from thinkdial.engine.exchange.secrets import MARK, Redactor

KEY = b"sk-secret-0123456789"
OTHER = b"sk-secret-0123456789-longer"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_a_secret_is_replaced_in_whatever_pieces_it_comes(size: int) -> None:
    text = b"before " + KEY + b" between sk-secret-sk-secret-" + KEY + KEY + b" after sk-sec"
    redactor = Redactor([KEY])
    pieces = [redactor.feed(text[at : at + size]) for at in range(0, len(text), size)]
    assert b"".join(pieces) + redactor.close() == text.replace(KEY, MARK)


def test_only_the_beginning_of_a_secret_is_held_back() -> None:
    redactor = Redactor([KEY])
    assert redactor.feed(b"answer sk-se") == b"answer "
    assert redactor.feed(b"ntence") == b"sk-sentence"
    assert redactor.feed(b"s") == b"" and redactor.close() == b"s" and redactor.close() == b""


def test_the_longer_of_two_secrets_goes_first() -> None:
    assert Redactor([KEY, OTHER]).whole(b"x" + OTHER + b"y" + KEY) == b"x" + MARK + b"y" + MARK


def test_without_secrets_nothing_is_held_back() -> None:
    redactor = Redactor([])
    assert redactor.feed(b"anything") == b"anything" and redactor.close() == b""
