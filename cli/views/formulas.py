"""The Markdown of models: CommonMark with tables, struck text, and formulas, which stay as they were written.

To CommonMark `\\(`, `\\,` and `\\{` are escapes, so that it takes the backslashes out of every formula. What becomes of
a formula is for the view to say: the terminal shows its source, a page MathML.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

INLINE, BLOCK = "math_inline", "math_block"
"""Types of tokens: `content` is the formula, `markup` what it stood in, both as written."""

_ENVIRONMENT = re.compile(
    r"\\begin\{((?:equation|multline|gather|align|alignat|flalign|eqnarray|[pbvBV]?matrix|cases)\*?)\}"
)
_CLOSERS = {"\\(": "\\)", "\\[": "\\]"}
_UNCLOSED = "unclosed formulas"


@cache
def model_parser() -> MarkdownIt:
    """The parser, without HTML: it would swallow every `<tag>`, `List<String>` among them."""
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    parser = MarkdownIt("commonmark", {"html": False}).enable(["strikethrough", "table"])
    # `$5 and $6` are amounts of money.
    dollarmath_plugin(parser, allow_space=False, allow_digits=False, allow_labels=False, allow_blank_lines=False)
    parser.inline.ruler.before("escape", "brackets", _bracketed)
    parser.block.ruler.before(
        "blockquote", "display", _displayed, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    return parser


def source(token: Token) -> str:
    """A formula with what it stood in."""
    content, markup = token.content, token.markup
    if markup in ("$", "$$"):
        return f"{markup}{content}{markup}"
    return f"{markup}{content}{_CLOSERS[markup]}" if markup in _CLOSERS else content


@lru_cache(maxsize=4)
def _last(text: str, closer: str) -> int:
    return text.rfind(closer)


def _bracketed(state: StateInline, silent: bool) -> bool:
    r"""`\(x\)` and `\[x\]` within a paragraph."""
    opener = state.src[state.pos : state.pos + 2]
    closer = _CLOSERS.get(opener)
    start = state.pos + 2
    if closer is None or _last(state.src, closer) < start:  # so that many openers without a closer take no time
        return False
    end = state.src.index(closer, start)
    if end + 2 > state.posMax or not state.src[start:end].strip():
        return False
    if not silent:
        token = state.push(INLINE, "math", 0)
        token.content, token.markup = state.src[start:end], opener
    state.pos = end + 2
    return True


def _displayed(state: StateBlock, first: int, end: int, silent: bool) -> bool:
    r"""`\[` … `\]` and `\begin{align}` … `\end{align}` that begin a line and end one, without a blank one inside."""
    if state.is_code_block(first):
        return False
    line = _line(state, first)
    opened = _ENVIRONMENT.match(line)
    if opened is None and not line.startswith("\\["):
        return False
    closer = f"\\end{{{opened.group(1)}}}" if opened else "\\]"
    last = _closing_line(state, first, end, closer)
    if last is None:
        return False
    if not silent:
        token = state.push(BLOCK, "math", 0)
        token.block, token.map = True, [first, last + 1]
        whole = state.getLines(first, last + 1, state.sCount[first], False).strip()
        token.markup = "" if opened else "\\["
        token.content = whole if opened else whole.removeprefix("\\[").removesuffix("\\]")
    state.line = last + 1
    return True


def _closing_line(state: StateBlock, first: int, end: int, closer: str) -> int | None:
    """The line that ends with `closer`; what was once looked for in vain below is not looked for again."""
    vain: set[tuple[str, int]] = state.env.setdefault(_UNCLOSED, set())
    for number in range(first, end):
        text = _line(state, number).rstrip()
        if not text or (number > first and state.sCount[number] < state.blkIndent) or (closer, number) in vain:
            vain.update((closer, seen) for seen in range(first, number + 1))
            return None
        if text.endswith(closer) and (number > first or len(text) > len(closer)):
            return number
    vain.update((closer, seen) for seen in range(first, end))
    return None


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]
