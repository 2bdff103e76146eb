"""What may stand where the cursor is, by a table of the program. Pure, and without an import: Tab waits for it."""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` takes longer to import than the answer takes
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    Candidate = tuple[str, str]
    Names = Callable[[str], Iterable[Sequence[str]]]

FILES, DIRECTORIES = "file", "dir"
NOTHING: dict[str, Any] = {"options": {}}
"""Behind a word that is no command."""


def candidates(words: Sequence[str], table: dict[str, Any], names: Names) -> tuple[list[Candidate], str | None]:
    """What may replace the last of `words`, which stand behind the program's name: values with a few words each.

    With it whether files or directories may stand there. `names` gives what changes: profiles, runs, sessions.
    """
    *before, current = words or [""]
    node, options, arguments, taken, waits, plain = table["root"], {}, [], 0, None, False
    options = dict(node["options"])
    arguments = node.get("arguments", [])
    for word in before:
        if waits is not None:
            waits = None
        elif plain or not word.startswith("-") or word == "-":
            below = node.get("commands")
            if below and not plain and word in below:
                node = below[word]
                options, arguments, taken = dict(node["options"]), node.get("arguments", []), 0
            else:
                if below:
                    node = below.get(node.get("default", ""), NOTHING)
                    options, arguments = dict(node["options"]), node.get("arguments", [])
                taken += 1
        elif word == "--":
            plain = True
        else:
            name, has_value, _ = word.partition("=")
            option = _option(name, options, node)
            is_whole = name.startswith("--") or len(name) == 2
            if option is not None and is_whole and not has_value and option.get("kind") is not None:
                waits = option
    if waits is not None:
        return _values(waits["kind"], current, "", table, names)
    if not plain and current.startswith("--") and "=" in current:
        name, _, value = current.partition("=")
        option = _option(name, options, node)
        if option is None or option.get("kind") is None:
            return [], None
        return _values(option["kind"], value, f"{name}=", table, names)
    below = node.get("commands", {})
    usual = below.get(node.get("default", ""))
    if not plain and current.startswith("-"):
        shown: dict[str, Any] = {**options, **(usual["options"] if usual else {})}
        return [
            (name, one["help"]) for name, one in shown.items() if name.startswith(current) and name[:2] == "--"
        ], None
    found = [(name, one["help"]) for name, one in below.items() if name.startswith(current)]
    if usual is not None:
        arguments = usual.get("arguments", [])
    kind = _argument(arguments, taken)
    if kind is None:
        return found, None
    more, files = _values(kind, current, "", table, names)
    return found + more, files


def _option(name: str, options: dict[str, Any], node: dict[str, Any]) -> dict[str, Any] | None:
    usual = node.get("commands", {}).get(node.get("default", ""))
    known: dict[str, dict[str, Any]] = {**(usual["options"] if usual else {}), **options}
    if name in known:
        return known[name]
    near = {id(one): one for long, one in known.items() if name.startswith("--") and long.startswith(name)}
    return next(iter(near.values())) if len(near) == 1 else None


def _argument(arguments: Sequence[dict[str, Any]], at: int) -> Any:
    if at < len(arguments):
        return arguments[at]["kind"]
    return arguments[-1]["kind"] if arguments and arguments[-1]["many"] else None


def _values(
    kind: Any, current: str, prefix: str, table: dict[str, Any], names: Names
) -> tuple[list[Candidate], str | None]:
    if isinstance(kind, list):
        found = [(str(word), "") for word in kind]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        return _matching(found, current, prefix), None
    if kind in (FILES, DIRECTORIES):
        return [], kind
    if kind == "levels" or kind == "thinks":
        done = current[: current.rfind(",") + 1]
        return _matching(table["think"], current[len(done) :], prefix + done), None
    if kind == "profile":
        name, at, level = current.partition("@")
        if at:
            return _matching(table["think"], level, f"{prefix}{name}@"), None
        found = _matching(names("profile"), current, prefix)
        if "/" in current or (current and not found):
            found += _matching(names("model"), current, prefix)
        return found, None
    if kind == "result":
        run, colon, profile = current.partition(":")
        if colon:
            name, at, level = profile.partition("@")
            if at:
                return _matching(table["think"], level, f"{prefix}{run}:{name}@"), None
            return _matching(names("profile"), profile, f"{prefix}{run}:"), None
        return _matching(names("run"), current, prefix), None
    if kind is None or kind == "text":
        return [], None
    return _matching(names(kind), current, prefix), None


def _matching(found: Iterable[Sequence[str]], current: str, prefix: str) -> list[Candidate]:
    return [(prefix + one[0], one[1]) for one in found if one[0].startswith(current)]


def typed_words(line: str) -> list[str]:
    """The words of a command line as a POSIX shell reads them, the last one perhaps not finished."""
    words, word, begun, quote, at = list[str](), "", False, "", 0
    while at < len(line):
        letter = line[at]
        if quote:
            if letter == quote:
                quote = ""
            elif letter == "\\" and quote == '"' and at + 1 < len(line):
                at += 1
                word += line[at]
            else:
                word += letter
        elif letter in "'\"":
            quote, begun = letter, True
        elif letter == "\\" and at + 1 < len(line):
            at += 1
            word, begun = word + line[at], True
        elif letter in " \t\n":
            if begun:
                words.append(word)
            word, begun = "", False
        elif letter in "|;&" and not begun:
            words, word = [], ""
        else:
            word, begun = word + letter, True
        at += 1
    return [*words, word]
