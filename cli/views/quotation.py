"""A model's text inside a Markdown document, unable to leave its place or to bring anything along."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ...providers.untrusted import harmless, one_line

if TYPE_CHECKING:
    from markdown_it.token import Token

_PUNCTUATION = re.compile(r"([\\`*_{}\[\]<>#|~&$])")
_FENCES = re.compile(r"`{3,}")
_LIVE_TOKENS = frozenset(("html_block", "html_inline", "image"))
MAX_CHARACTERS = 200_000


def inline(text: str, limit: int = 0) -> str:
    """`text` on one line with everything escaped that Markdown could take for more than text."""
    return _PUNCTUATION.sub(r"\\\1", one_line(text, limit))


def fenced(text: str, language: str = "text") -> str:
    """`text` in a fence that is longer than any inside."""
    safe = harmless(text)
    fence = "`" * max(3, 1 + max(map(len, _FENCES.findall(safe)), default=0))
    return f"{fence}{language}\n{safe}\n{fence}"


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
