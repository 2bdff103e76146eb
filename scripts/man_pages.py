"""Manual pages of docs/commands.md: python scripts/man_pages.py DIRECTORY.

The build of a wheel calls this, where nothing of the program and none of its dependencies is installed: so it reads
the page that was generated from the program, and needs the standard library alone.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "commands.md"
VERSION = ROOT / "providers" / "version.py"
_SECTION = re.compile(r"^###? (thinkdial[^\n]*)\n(.*?)(?=^###? |\Z)", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"^```\w*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_ENTRY = re.compile(r"^- `(.+?)`: ?(.*)$")
_LINK = re.compile(r"^- \[(.+?)\]\(#.*?\): ?(.*)$")


def main() -> None:
    for path in write_pages(Path(sys.argv[1])):
        print(path)


def write_pages(directory: Path) -> list[Path]:
    """Write `thinkdial.1`, `thinkdial-compare.1` and so on; the files, sorted."""
    directory.mkdir(parents=True, exist_ok=True)
    version = re.search(r'^VERSION = "(.+)"$', VERSION.read_text(encoding="utf-8"), re.MULTILINE)
    if version is None:
        raise ValueError(f"{VERSION} has no VERSION")
    written: list[Path] = []
    for name, text in _SECTION.findall(PAGE.read_text(encoding="utf-8")):
        file = directory / f"{name.replace(' ', '-')}.1"
        file.write_text("\n".join(manual(name, text, version.group(1))) + "\n", encoding="utf-8")
        written.append(file)
    return sorted(written)


def manual(name: str, text: str, version: str) -> Iterator[str]:
    """One page of the manual, in the language of man(7)."""
    title = name.replace(" ", "-")
    head, *rest = re.split(r"^(?:Arguments|Options|Commands):$", text, flags=re.MULTILINE)
    usage, *examples = _CODE.findall(head)
    told = [part.strip() for part in _CODE.sub("", head).split("\n\n") if part.strip() not in ("", "Example:")]
    yield f'.TH "{title.upper()}" "1" "" "thinkdial {version}" "User Commands"'
    yield f".SH NAME\n{plain(title)} \\- {plain(_first_sentence(told))}"
    yield f".SH SYNOPSIS\n.nf\n{plain(usage.strip())}\n.fi"
    if told:
        yield ".SH DESCRIPTION\n" + "\n.PP\n".join(map(plain, told))
    titles = re.findall(r"^(Arguments|Options|Commands):$", text, re.MULTILINE)
    for part, body in zip(titles, rest, strict=True):
        yield f".SH {part.upper()}"
        for line in body.splitlines():
            if found := _ENTRY.match(line) or _LINK.match(line):
                words = found.group(1) if part != "Commands" else f"{found.group(1).replace(' ', '-')}(1)"
                yield f".TP\n.B {plain(words)}\n{plain(found.group(2))}"
    if examples:
        yield ".SH EXAMPLES\n.nf\n" + plain("\n".join(example.strip() for example in examples)) + "\n.fi"
    if name != "thinkdial":
        yield ".SH SEE ALSO\n.BR thinkdial (1)"


def plain(text: str) -> str:
    """`text` so that nothing in it is a request or an escape of the formatter."""
    text = text.replace("&lt;", "<").replace("`", "").replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return "\n".join(f"\\&{line}" if line.startswith(".") else line for line in text.split("\n"))


def _first_sentence(told: list[str]) -> str:
    return re.split(r"(?<=\w)[.;:](?:\s|$)", told[0])[0] if told else "one dial for LLM reasoning"


if __name__ == "__main__":
    main()
