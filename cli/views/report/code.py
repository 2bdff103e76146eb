"""Code of an answer in colours, by Pygments: a span with a class for a few kinds of words, and nothing else."""

from __future__ import annotations

from html import escape

from ....providers.untrusted import harmless

MAX_CHARACTERS = 20_000
"""Longer code is shown without colours."""

_KINDS = (
    ("Comment", "c"), ("Keyword", "k"), ("Literal.String", "s"), ("Literal.Number", "n"), ("Name.Function", "f"),
    ("Name.Class", "f"), ("Name.Tag", "k"), ("Name.Attribute", "f"), ("Name.Builtin", "f"), ("Name.Decorator", "f"),
    ("Generic.Inserted", "s"), ("Generic.Deleted", "d"), ("Generic.Heading", "k"), ("Operator.Word", "k"),
)  # fmt: skip
_LANGUAGES = frozenset(
    ("bash", "c", "c++", "cpp", "cs", "csharp", "css", "diff", "dockerfile", "go", "golang", "haskell", "html", "ini",
     "java", "javascript", "js", "json", "jsx", "julia", "kotlin", "lua", "makefile", "php", "powershell", "py",
     "python", "r", "rb", "ruby", "rs", "rust", "scala", "sh", "shell", "sql", "swift", "toml", "ts", "tsx",
     "typescript", "xml", "yaml", "yml", "zig", "zsh")
)  # fmt: skip
"""What models write. Lexers of rarer languages have seen less of what can be written to make them slow."""


def coloured(code: str, language: str) -> str:
    """The code as HTML; without colours where the language is none that is known here, or the code is long."""
    name = language.strip().split(" ")[0].lower()
    if name not in _LANGUAGES or len(code) > MAX_CHARACTERS:
        return escape(harmless(code))
    from pygments.lexers import get_lexer_by_name  # pyright: ignore[reportUnknownVariableType]

    try:
        lexer = get_lexer_by_name(name, stripnl=False, ensurenl=False)
        return "".join(_span(str(kind), text) for kind, text in lexer.get_tokens(code))
    except Exception:
        return escape(harmless(code))  # whatever a model wrote, it is shown


def _span(kind: str, text: str) -> str:
    safe = escape(harmless(text))
    own = next((name for prefix, name in _KINDS if kind.startswith(f"Token.{prefix}")), None)
    return f'<span class="c-{own}">{safe}</span>' if own and text.strip() else safe
