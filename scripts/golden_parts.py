"""Write what is sent beside the prompt on every wire: python scripts/golden_parts.py [--check].

One table, tests/engine/planning/golden_parts.txt: files, shapes of the answer and tools, each with thinking off, low
and high, and one row for all models for which everything is the same. Read its diff against `inputs.yaml`,
`shapes.yaml` and `tools.yaml` in `profiles/data/`, and the sources that those cite.
"""

from __future__ import annotations

import json
import sys
import textwrap
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from golden_plans import targets

from thinkdial.engine.attachments.placement import placed
from thinkdial.engine.attachments.sources import attachment_of
from thinkdial.engine.planning.prepare import Prepared, Prompt, prepare
from thinkdial.engine.targets.target import Target
from thinkdial.engine.tools.toolset import tools_said
from thinkdial.profiles.config import Config, load_builtin
from thinkdial.profiles.inputs.rules import input_rule
from thinkdial.profiles.shapes.rule import shape_rule
from thinkdial.profiles.shapes.shape import Shape
from thinkdial.profiles.tools.rule import tools_rule
from thinkdial.providers.errors import ThinkdialError
from thinkdial.providers.think import parse_think

TARGET = Path(__file__).resolve().parent.parent / "tests" / "engine" / "planning" / "golden_parts.txt"
THINK_VALUES = ("off", "low", "high")
TEXT = "What is it?"
FILES = {
    # The smallest that is recognised by its bytes; what stands in it is of no use to anybody.
    "image": ("a.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0@\0\0\0000\x08\0\0\0\0" + b"\0" * 4),
    "pdf": ("a.pdf", b"%PDF-1.4\n1 0 obj << /Type /Pages /Count 1 >> endobj\n%%EOF"),
    "audio": (
        "a.wav",
        b"RIFF\x2c\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0@\x1f\0\0@\x1f\0\0\x01\0\x08\0data\x08\0\0\0" + b"\0" * 8,
    ),
}
SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0}, "note": {"type": "string"}},
    "required": ["name", "age"],
}
TOOL = {"name": "find", "description": "Finds.", "parameters": SCHEMA}
Row = tuple[str, ...]
"""What is sent and told for each think value."""

HEAD = """\
# What is sent beside the prompt on every wire, with thinking off, low and high. Written by scripts/golden_parts.py; do
# not edit.
#
# Models for which everything is the same share a row and stand below it, by provider; `all of` are providers all of
# whose models do. A row says for each think value what the body has more than that of the prompt alone, in JSON: DATA
# are the bytes of a file, WORDS what is said of JSON in the prompt, SCHEMA is the schema as it was said, and SENT-n as
# it was rewritten, which stands at the end. Before it is said how true that is to what was asked, or of tools whether
# they have to be called; `-` is a refusal, before anything is sent. `|` is what is told of it, and `thinking:` what is
# sent to think, where that is not what goes out with the prompt alone.
"""


@dataclass(frozen=True)
class Case:
    """What goes along with the prompt."""

    name: str
    prompt: Prompt


def cases() -> Iterator[Case]:
    """All that may go along, in the order of the table."""
    for kind, (name, data) in FILES.items():
        yield Case(kind, Prompt(TEXT, asked=placed(TEXT, [attachment_of(data, name, name)])))
    yield Case("json", Prompt(TEXT, shape=Shape()))
    yield Case("schema", Prompt(TEXT, shape=Shape(SCHEMA)))
    for name, choice in (("free tool", None), ("forced tool", "find")):
        yield Case(name, Prompt(TEXT, tools=tools_said([TOOL], choice, "tools")))


class Names:
    """Schemas as they are sent, each by a short name. `data` is the file of the case, in base64."""

    def __init__(self) -> None:
        self.data = ""
        self.known: dict[str, str] = {json.dumps(SCHEMA): "SCHEMA"}

    def __call__(self, schema: Any) -> str:
        return self.known.setdefault(json.dumps(schema, ensure_ascii=False), f"SENT-{len(self.known)}")


def main() -> None:
    text = golden_text(load_builtin())
    if "--check" not in sys.argv:
        TARGET.write_text(text, encoding="utf-8")
    elif not TARGET.exists() or TARGET.read_text(encoding="utf-8") != text:
        sys.exit(f"{TARGET.name} is stale; run: python scripts/golden_parts.py")


def golden_text(config: Config) -> str:
    """The whole table."""
    names, served, rows = Names(), Counter[tuple[str, str]](), dict[str, dict[str, dict[Row, list[Target]]]]()
    for sharing in alike(config):
        first = sharing[0]
        bare = tuple(made(first, think, Prompt(TEXT), config) for think in THINK_VALUES)
        served.update((target.dialect, target.provider.name) for target in sharing)
        for case in cases():
            row = tuple(cell(alone, case, config, names) for alone in bare)
            rows.setdefault(first.dialect, {}).setdefault(case.name, {}).setdefault(row, []).extend(sharing)
    lines = [HEAD.rstrip()]
    for dialect, found in rows.items():
        for name, told in found.items():
            lines += ["", f"== {dialect}: {name} ==", *_section(told, served)]
    lines += ["", "== schemas ==", ""]
    for schema, name in names.known.items():
        lines += _wrapped(f"{name}  {schema}", "  ")
    return "\n".join(lines) + "\n"


def alike(config: Config) -> list[list[Target]]:
    """All targets, those together whose rules and whose plain requests are the same but for the model's name."""
    found: dict[str, list[Target]] = {}
    for target in targets(config):
        bare = [made(target, think, Prompt(TEXT), config) for think in THINK_VALUES]
        route = (target.provider.name, target.dialect, target.profile.model)
        sent = repr([(one.plan.thinks, one.plan.native, one.plan.max_output_tokens) for one in bare])
        rules = repr((input_rule(*route), shape_rule(*route), tools_rule(*route), target.use.quirks))
        found.setdefault(f"{route[:2]} {rules} {sent}", []).append(target)
    return list(found.values())


def made(target: Target, think: str, prompt: Prompt, config: Config) -> Prepared:
    return prepare(target, parse_think(think), prompt, config.reference)


def body_of(prepared: Prepared) -> dict[str, Any]:
    return json.loads(prepared.request.body)


def cell(alone: Prepared, case: Case, config: Config, names: Names) -> str:
    """What is sent and told beside what goes out `alone`, or why nothing is."""
    model = alone.target.profile.model
    try:
        prepared = made(alone.target, str(alone.think), case.prompt, config)
    except ThinkdialError as error:
        words = error.message.replace(f"golden ({model}): ", "").replace(f" at {alone.target.provider.name} ", " ")
        return f"- {words}".replace(model, "MODEL")
    for piece in case.prompt.asked:
        names.data = b64encode(piece.data).decode() if piece.data else names.data
    shown = json.dumps(_added(body_of(prepared), body_of(alone), names), ensure_ascii=False)
    lines = [f"{_fidelity(prepared)} {shown}"]
    if prepared.plan.native != alone.plan.native:
        lines.append(f"thinking: {json.dumps(prepared.plan.native)}")
    told = [notice.message for notice in prepared.plan.notices if notice not in alone.plan.notices]
    if prepared.shape is not None and prepared.shape.note is not None:
        told.insert(0, prepared.shape.note)
    lines += [f"| {words}" for words in dict.fromkeys(told)]
    return "\n".join(lines).replace(model, "MODEL")


def _fidelity(prepared: Prepared) -> str:
    if prepared.tools is not None:
        return f"{prepared.tools.choice.word}:"
    return "sent" if prepared.shape is None else prepared.shape.fidelity


def _added(body: Any, bare: Any, names: Names) -> Any:
    """What of `body` is not in `bare`."""
    if isinstance(body, dict) and isinstance(bare, dict):
        return {
            key: _added(value, bare.get(key), names)
            for key, value in body.items()
            if key not in bare or bare[key] != value
        }
    if isinstance(body, list) and isinstance(bare, list):
        return (
            [_added(*pair, names) for pair in zip(body, bare, strict=True)]
            if len(body) == len(bare)
            else _told(body, names)
        )
    return _told(body, names)


def _told(value: Any, names: Names) -> Any:
    if isinstance(value, dict):
        if "properties" in value:
            return names(value)
        return {key: _told(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [_told(inner, names) for inner in value]
    if not isinstance(value, str):
        return value
    if value.startswith("{"):
        return f"text of {names(json.loads(value))}"
    shown = value.replace(names.data, "DATA")
    return shown if "JSON" not in shown else "WORDS"


def _section(rows: Mapping[Row, list[Target]], served: Mapping[tuple[str, str], int]) -> Iterator[str]:
    for row, sharing in rows.items():
        yield ""
        cells: dict[str, list[str]] = {}
        for think, told in zip(THINK_VALUES, row, strict=True):
            cells.setdefault(told, []).append(think)
        for told, values in cells.items():
            first, *more = told.splitlines()
            yield from _wrapped(f"{' '.join(values)}: {first}", "  ")
            for line in more:
                yield from _wrapped(line, "      ")
        models: dict[str, list[str]] = {}
        for target in sharing:
            models.setdefault(target.provider.name, []).append(target.profile.model)
        whole = [name for name, known in models.items() if len(known) == served[sharing[0].dialect, name]]
        if whole:
            yield from _wrapped(f"all of: {' '.join(whole)}", "    ")
        for name, known in models.items():
            if name not in whole:
                yield from _wrapped(f"{name}: {' '.join(known)}", "    ")


def _wrapped(line: str, indent: str) -> Iterator[str]:
    yield from textwrap.wrap(
        line, 120, initial_indent=indent, subsequent_indent=f"{indent}  ", break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip


if __name__ == "__main__":
    main()
