"""A model's Markdown on a terminal: nothing it wrote is lost, clickable, or able to break the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, ClassVar

from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import CodeBlock, Heading, Markdown, MarkdownElement
from rich.segment import Segment
from rich.text import Text
from rich.theme import Theme

from ...providers.untrusted import harmless
from .formulas import BLOCK, INLINE, model_parser, source
from .wrap import wrap_line

if TYPE_CHECKING:
    from markdown_it.token import Token

MAX_CHARACTERS = 200_000
"""Longer answers are shown as they are: nobody reads their layout, and parsing them takes seconds."""

_STYLES = {
    "markdown.code": "bold cyan",
    "markdown.code_block": "none",
    "markdown.block_quote": "italic",
    "markdown.list": "none",
    "markdown.item.bullet": "bold",
    "markdown.item.number": "bold",
    "markdown.h1": "bold underline",
    "markdown.h2": "bold underline",
    "markdown.h3": "bold",
    "markdown.h4": "bold italic",
    "markdown.h5": "italic",
    "markdown.h6": "italic",
    "markdown.link": "none",
    "markdown.link_url": "underline",
    "markdown.table.border": "dim",
    "markdown.table.header": "bold",
}


class ModelMarkdown:
    """The answer rendered as Markdown; as plain text where that is impossible."""

    def __init__(self, text: str) -> None:
        self.text = harmless(text)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from _rendered(self.text, console, options)


def _rendered(text: str, console: Console, options: ConsoleOptions) -> list[Segment]:
    if len(text) <= MAX_CHARACTERS:
        try:
            with console.use_theme(_theme()):
                document = _SafeMarkdown(text, hyperlinks=False)
                if document.loses_text:
                    return list(console.render(Text(text), options))
                lines = console.render_lines(document, options.update(height=None), pad=False, new_lines=True)
            if segments := list(_without_spare_blanks(lines)):
                return segments
        except Exception:  # noqa: S110 - whatever a model wrote, its answer is shown and its neighbours are not lost
            pass
    return list(console.render(Text(text), options))


def _without_spare_blanks(lines: list[list[Segment]]) -> Iterator[Segment]:
    """The lines without blank ones at both ends, and never two in a row: Rich puts them around lists and tables."""
    blank = begun = False
    for line in lines:
        if not any(segment.text.strip() for segment in line):
            blank = begun
            continue
        if blank:
            yield Segment.line()
        yield from line
        blank, begun = False, True


@cache
def _theme() -> Theme:
    return Theme(_STYLES)


class _LeftHeading(Heading):
    """A heading that stays at the left: a centred one is lost in a column."""

    LEVEL_ALIGN: ClassVar = {}


class _PlainCode(CodeBlock):
    """A code block behind a bar, without colours: a theme for a dark terminal is unreadable on a light one."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in self.text.plain.rstrip("\n").split("\n"):
            deeper = " " * (len(line) - len(line.lstrip(" ")) + 4)
            for piece in wrap_line(line, options.max_width - 2, deeper):
                yield Text.assemble(("▏ ", "dim"), piece, no_wrap=True, overflow="crop")


class _SafeMarkdown(Markdown):
    """Markdown that was made harmless. `loses_text`: the parser leaves something out: nesting that is too deep, say."""

    elements: ClassVar[dict[str, type[MarkdownElement]]] = {
        **Markdown.elements,
        "heading_open": _LeftHeading,
        "fence": _PlainCode,
        "code_block": _PlainCode,
    }

    def __init__(self, markup: str, *, hyperlinks: bool) -> None:
        super().__init__("", hyperlinks=hyperlinks)
        environment: dict[str, Any] = {}
        parser = model_parser()
        self.parsed = parser.parse(markup, environment)
        deepest = max((token.level for token in self.parsed), default=0)
        self.loses_text = deepest >= parser.options["maxNesting"] - 1 or _has_unused(environment, self.parsed)
        _disarm(self.parsed)


def _has_unused(environment: Mapping[str, Any], tokens: list[Token]) -> bool:
    """Whether a link definition is used by no link: Markdown shows nothing of it."""
    children = [child for token in tokens for child in token.children or ()]
    used = {str(child.attrs.get("href", child.attrs.get("src", ""))) for child in children}
    return any(definition.get("href") not in used for definition in environment.get("references", {}).values())


def _disarm(tokens: list[Token]) -> None:
    """Make the tokens harmless once more: entities such as `&#x202E;` and `&#13;` come to life in the parser.

    A line break of the model's stays one, an image becomes its description and address, and a link whose text is its
    address is said once.
    """
    for token in tokens:
        token.content = harmless(token.content)
        for name, value in token.attrs.items():
            if isinstance(value, str):
                token.attrs[name] = harmless(value)
        if token.children:
            _disarm(token.children)
        match token.type:
            case "softbreak":
                token.type = "hardbreak"
            case _ if token.type == INLINE:
                token.content, token.type, token.tag = " ".join(source(token).split()), "text", ""
            case _ if token.type == BLOCK:
                token.content, token.type, token.tag = source(token), "code_block", "code"
            case "image":
                token.type, token.tag, token.children = "text", "", None
                token.content = f"[image: {' '.join(filter(None, (token.content, str(token.attrs.get('src', '')))))}]"
            case "inline":
                token.children = list(_without_repeated_addresses(token.children or []))
            case _:
                pass


def _without_repeated_addresses(children: list[Token]) -> Iterator[Token]:
    bare = False
    for here, following in zip_longest(children, children[1:]):
        if here.type == "link_open" and following and following.content == here.attrs.get("href"):
            bare = True
        elif here.type == "link_close" and bare:
            bare = False
        else:
            yield here
