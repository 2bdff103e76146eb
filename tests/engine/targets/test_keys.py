"""Keys that were copied with more than the key."""

from __future__ import annotations

from thinkdial.engine.targets.keys import what_is_too_much

from ...cases import each


@each(
    ("secret", "words"),
    [
        ('"sk-1"', "stands in quotes"),
        ("'sk-1'", "stands in quotes"),
        ("`sk-1`", "stands in quotes"),
        ("\u201csk-1\u201d", "stands in quotes"),
        ("Bearer sk-1", "begins with Bearer"),
        ("bearer  sk-1", "begins with bearer"),
        ("Authorization: Bearer sk-1", "begins with Authorization:"),
        ("sk-1", None),
        ("bearer-of-keys", None),
        ('"', None),
        ('sk"1', None),
        ("a b", None),
        ("", None),
    ],
)
def test_what_surrounds_a_key(secret: str, words: str | None) -> None:
    assert what_is_too_much(secret) == words
