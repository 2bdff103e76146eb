"""A model's text inside a Markdown document, unable to leave its place or to bring anything along."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...providers.untrusted import harmless, harmless_pieces, one_line, span_without

if TYPE_CHECKING:
    from markdown_it.token import Token

_PUNCTUATION = re.compile(r"([\\`*_{}\[\]<>#|~&$])")
_FENCES = re.compile("`[`\r]{2,}")
"""Also with what `harmless` drops among them."""
_LIVE_TOKENS = frozenset(("html_block", "html_inline", "image"))
MAX_CHARACTERS = 200_000


def inline(text: str, limit: int = 0) -> str:
    """`text` on one line with everything escaped that Markdown could take for more than text."""
    return _PUNCTUATION.sub(r"\\\1", one_line(text, limit))


def fenced(text: str, language: str = "text") -> str:
    """`text` in a fence that is longer than any inside."""
    return "".join(fenced_pieces(text, 0, len(text), language))


def fenced_pieces(text: str, start: int, end: int, language: str) -> Iterator[str]:
    """The same of what lies between `start` and `end`, in pieces."""
    fence = "`" * max(3, 1 + max((found[0].count("`") for found in _FENCES.finditer(text, start, end)), default=0))
    yield f"{fence}{language}\n"
    yield from harmless_pieces(text, start, end)
    yield f"\n{fence}"


def quoted_pieces(text: str, blanks: str = "\r\n") -> Iterator[str]:
    """`quoted` in pieces, none of which is long, without the `blanks` around it."""
    if len(text) > MAX_CHARACTERS:
        yield from fenced_pieces(text, *span_without(blanks, text), "markdown")
    else:
        yield quoted(text.strip(blanks))


def quoted(text: str) -> str:
    """`text` as a blockquote that renders as Markdown; fenced instead when it holds HTML, images or odd links.

    Every line carries the quote mark, so nothing inside can end the quote. HTML and images are live in most viewers
    (a comment that is never closed swallows the page, an image tells its owner who reads), so those are shown as text.
    """
    safe = harmless(text).strip("\n")
    quote = "\n".join(f"> {line}".rstrip() for line in safe.split("\n"))
    return quote if len(quote) <= MAX_CHARACTERS and _is_plain(quote) else fenced(safe, "markdown")


def _is_plain(quote: str) -> bool:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable(["strikethrough", "table"])
    parser.validateLink = lambda url: True  # other viewers make links of what this parser would not: judge them all
    try:
        tokens = parser.parse(quote)
    except RecursionError:
        return False
    closed = [i for i, token in enumerate(tokens) if token.type == "blockquote_close" and token.level == 0]
    inside = [child for token in tokens for child in (token, *(token.children or ()))]
    return closed == [len(tokens) - 1] and not any(
        token.type in _LIVE_TOKENS or not _is_safe_link(token) for token in inside
    )


def _is_safe_link(token: Token) -> bool:
    """Whether a link goes to a page or an address, and nowhere that runs code; what is no link passes."""
    scheme, colon, _ = str(token.attrs.get("href", "")).partition(":")
    return not colon or scheme.lower() in ("http", "https", "mailto")
