"""Write what is sent for every known model and think value: python scripts/golden_plans.py [--check].

One table, tests/engine/planning/golden.txt, with one row for all models for which everything is the same. A change of
it is a change of what people's money buys: read the diff against the facts that the cards cite.
"""

from __future__ import annotations

import json
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from thinkdial.engine.planning.plan import ThinkPlan
from thinkdial.engine.planning.prepare import Prompt, prepare
from thinkdial.engine.targets.target import Target, resolve
from thinkdial.profiles import facts
from thinkdial.profiles.card import ModelCard
from thinkdial.profiles.config import Config, load_builtin
from thinkdial.profiles.profile import Profile
from thinkdial.providers.think import Think, parse_think

TARGET = Path(__file__).resolve().parent.parent / "tests" / "engine" / "planning" / "golden.txt"
THINK_VALUES = ("auto", "off", "minimal", "low", "medium", "high", "xhigh", "max", "1", "4000", "8k", "100000")
UNKNOWN = "any-other-model"
UNSPELLED = "no spelling"
ENVIRONMENT = {
    "AZURE_OPENAI_RESOURCE": "resource", "GOOGLE_CLOUD_PROJECT": "project",
    "CLOUDFLARE_ACCOUNT_ID": "account", "DATABRICKS_SERVER_HOSTNAME": "workspace.test",
}  # fmt: skip
ENDLESS = date(2020, 1, 1)
"""A day on which no model has ended, so that the plans do not change from one day to the next."""
SOMEWHERE = "http://127.0.0.1:9/v1"

DEFAULTS = {
    "never": "this model does not think",
    "on": "the provider's default for this model is to think, as much as it likes",
    "off": "the provider's default for this model is not to think",
    "?": "what this model does by default is not known",
}
"""The notes of `auto`; any other default is a level."""
MARKS: tuple[tuple[str, str, str | None], ...] = (
    # mark, fidelity, note; `ceiling` and `silence` are put in where they are true
    ("", "exact", None),
    ("", "exact", "MODEL never thinks"),
    ("", "exact", "not asking is off for this model"),
    ("~", "mapped", "{tokens} tokens → {sent}: MODEL takes levels, not budgets{ceiling}"),
    ("~", "mapped", "{wish} → {sent} tokens: MODEL takes budgets, not levels"),
    ("↓", "clamped", "{wish} → {sent}: MODEL has no {wish}; {sent} is the highest it takes below that"),
    ("↑", "clamped", "{wish} → {sent}: MODEL has no {wish}; {sent} is the least"),
    ("↕", "clamped", "{wish} → {sent} tokens: MODEL takes {least} to {most} tokens"),
    ("⤓", "clamped", "{wish} → {sent} tokens: the output limit of {room} must hold thinking and answer"),
    ("*", "clamped", "{wish} → on: MODEL only knows on and off"),
    ("!", "clamped", "off → {sent}: MODEL cannot be turned off; {sent} is its least"),
    ("!", "clamped", "off → {sent} tokens: MODEL cannot be turned off; that is its least"),
    ("!?", "clamped", "off → {sent}: MODEL is not known to have an off; {sent} is its least"),
    ("✗", "unsupported", "this dialect has no way to say it for this model{silence}"),
    ("✗", "unsupported", "MODEL does not think{silence}"),
    ("✗!", "unsupported", "MODEL cannot be turned off{silence}"),
    ("✗!?", "unsupported", "MODEL is not known to have an off{silence}"),
    ("✗r", "unsupported", "MODEL has no off on this route{silence}"),
    ("✗*", "unsupported", "MODEL cannot be switched on by this route{silence}"),
    ("✗r", "unsupported", "MODEL takes no level on this route{silence}"),
    ("✗r", "unsupported", "MODEL takes neither level nor budget on this route{silence}"),
    ("✗°", "unsupported", "how MODEL is steered is not known{silence}"),
    ("✗=", "unsupported", "MODEL always thinks and has no dial{silence}"),
)

HEAD = """\
# What is sent for every known model and think value. Written by scripts/golden_plans.py; do not edit.
#
# Models for which everything is the same share a row and stand below it, by provider/dialect. A section is a spelling,
# with the native fields that its words stand for; a budget in tokens stands where they say N.
#
#   low 4000 on off    what is sent
#   (medium) (on) (?)  nothing is sent, and this is what the provider then does; (never): the model does not think
#   ask(medium)        nothing is wished for, only to read what is thought by default
#   /8096              the output limit that is sent; a row's own limit is sent wherever none is given
#   $                  a warning: the budget leaves hardly room for an answer
#   +                  told in full below the row
#
#   unmarked  exact, or with auto the default
#   °         assumed: the same, where the deciding fact is a stand-in or unverified
#   ~         mapped: a level as a budget or the reverse, by the reference table
#   ↓ ↑       clamped: the highest below, or the least where there is none
#   ↕ ⤓       clamped: into the range of the row's budgets; below the output limit
#   *         clamped: only knows on and off
#   ! !?      clamped: cannot be turned off, is not known to have an off
#   ✗         unsupported: this dialect has no words for it, or the model does not think
#   ✗! ✗!?    unsupported: cannot be turned off, is not known to have an off
#   ✗r ✗*     unsupported: this route has no word for that wish; cannot switch it on
#   ✗=        unsupported: the model always thinks and has no dial
#   ✗°        unsupported: nobody knows how the model is steered here
"""


@dataclass(frozen=True)
class Route:
    """One model on one dialect, and the plan for each think value."""

    place: str
    model: str
    target: Target
    plans: tuple[ThinkPlan, ...]

    @property
    def section(self) -> str:
        return self.target.spelling.name if self.target.spelling else UNSPELLED

    @property
    def known(self) -> bool:
        return self.target.card.known


@dataclass(frozen=True)
class Row:
    """What a row says besides its models: facts, a cell for each think value, and the plans that no cell can tell."""

    facts: str
    cells: tuple[str, ...]
    in_full: tuple[str, ...]


def main() -> None:
    text = golden_text(load_builtin())
    if "--check" not in sys.argv:
        TARGET.write_text(text, encoding="utf-8")
    elif not TARGET.exists() or TARGET.read_text(encoding="utf-8") != text:
        sys.exit(f"{TARGET.name} is stale; run: python scripts/golden_plans.py")


def golden_text(config: Config) -> str:
    """The whole table."""
    sections: dict[str, list[Route]] = {name: [] for name in (*facts.spellings(), UNSPELLED)}
    for route in routes(config):
        sections[route.section].append(route)
    lines = [HEAD.rstrip()]
    for name, served in sections.items():
        if served:
            lines += ["", f"== {name} ==", *_section(served)]
    return "\n".join(lines) + "\n"


def routes(config: Config) -> Iterator[Route]:
    """Every model on every dialect that serves it, and one that nobody knows."""
    for target in targets(config):
        made = [prepare(target, parse_think(word), Prompt("hi"), config.reference) for word in THINK_VALUES]
        place = f"{target.provider.name}/{target.dialect}"
        yield Route(place, target.profile.model, target, tuple(prepared.plan for prepared in made))


def targets(config: Config) -> Iterator[Target]:
    """Whom the rows are about."""
    for name, provider in config.providers.items():
        base_url = None if provider.base_url else SOMEWHERE
        for card in [*(card for file in provider.models for card in facts.cards(file)), provider.unknown_model]:
            model = card.example if card.known else UNKNOWN
            for dialect in provider.dialects:
                if card.dialects and dialect not in card.dialects:
                    continue
                profile = Profile(name="golden", provider=name, model=model, dialect=dialect)
                yield resolve(profile, config, base_url=base_url, environment=ENVIRONMENT, today=ENDLESS)


def told(decided: ThinkPlan, model: str) -> str:
    """All that is pinned of one plan."""
    shown = {
        "fidelity": decided.fidelity,
        "native": decided.native,
        "limit": decided.max_output_tokens,
        "thinks": decided.thinks,
        "warnings": [notice.code for notice in decided.notices],
        "note": decided.note and decided.note.replace(model, "MODEL"),
    }
    kept = {key: value for key, value in shown.items() if key in ("native", "thinks") or value not in (None, [])}
    return json.dumps(kept, ensure_ascii=False)


def rows(served: list[Route]) -> dict[Row, list[Route]]:
    """The distinct rows of one section, each with the routes that share it."""
    words = _words(served)
    found: dict[Row, list[Route]] = {}
    for route in served:
        found.setdefault(_row(route, words), []).append(route)
    return found


def _section(served: list[Route]) -> Iterator[str]:
    words = _words(served)
    longest = max((len(word) for word in words), default=0)
    yield from (f"  {word.ljust(longest)}  {native}" for word, native in words.items())
    found = rows(served)
    table = [THINK_VALUES, *(row.cells for row in found)]
    widths = [max(len(cells[column]) for cells in table) for column in range(len(THINK_VALUES))]
    aligned = ["  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) for cells in table]
    yield f"\n  {aligned[0].rstrip()}"
    for (row, sharing), line in zip(found.items(), aligned[1:], strict=True):
        yield f"\n  {line.rstrip()}"
        yield from (f"    | {line}" for line in (row.facts, *row.in_full) if line)
        models: dict[str, list[str]] = {}
        for route in sharing:
            models.setdefault(route.place, []).append(route.model)
        for place, names in models.items():
            yield from textwrap.wrap(
                f"{place}: {' '.join(names)}", 116, initial_indent="    ", subsequent_indent="      ",
                break_long_words=False, break_on_hyphens=False,
            )  # fmt: skip


def _words(served: list[Route]) -> dict[str, str]:
    """The words of a section's cells and the native fields that they mostly stand for, in dial order."""
    found: dict[str, Counter[str]] = {}
    for route in served:
        for decided in route.plans:
            if decided.native:
                found.setdefault(_word(decided, route.target), Counter())[_native(decided)] += 1
    order = ("ask", "off", "on", *THINK_VALUES, "N")
    return {word: found[word].most_common(1)[0][0] for word in sorted(found, key=order.index)}


def _word(decided: ThinkPlan, target: Target) -> str:
    if decided.level is not None:
        return decided.level.value
    if decided.budget_tokens is not None:
        return "N"
    if target.spelling and decided.native == target.spelling.visible:
        return "ask"
    return "on" if decided.thinks else "off"


def _native(decided: ThinkPlan) -> str:
    """The native fields, with N for the budget that is sent."""

    def general(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: general(inner) for key, inner in value.items()}
        return "N" if value == decided.budget_tokens and not isinstance(value, bool) else value

    return json.dumps(general(decided.native) if decided.level is None else decided.native, ensure_ascii=False)


def _row(route: Route, words: dict[str, str]) -> Row:
    usual, spelling = route.plans[0].max_output_tokens, route.target.spelling
    budgets = route.target.card.budget if spelling and spelling.budget else None
    limited = any(decided.max_output_tokens for decided in route.plans)
    parts = [
        "" if route.known else "unknown model",
        f"limit {usual}" if usual else "",
        "thinking beside the limit" if limited and not route.target.card.output_limit_covers_thinking else "",
        f"budgets {budgets.min} to {budgets.max}" if budgets else "",
    ]
    cells: list[str] = []
    in_full: list[str] = []
    for value, decided in zip(THINK_VALUES, route.plans, strict=True):
        cell = _cell(parse_think(value), decided, route, words, usual)
        if cell is None:
            in_full.append(f"{value}: {told(decided, route.model)}")
        cells.append(cell or f"{_shown(decided, route.target)}+")
    return Row(", ".join(part for part in parts if part), tuple(cells), tuple(in_full))


def _cell(think: Think, decided: ThinkPlan, route: Route, words: dict[str, str], usual: int | None) -> str | None:
    """A plan in a few letters; None where they would not tell all of it."""
    if decided.native and words[_word(decided, route.target)] != _native(decided):
        return None
    codes = [notice.code for notice in decided.notices]
    scant = ["starvation_risk"] if "starvation_risk" in codes else []
    clamped = [f"think_{decided.fidelity}"] if decided.fidelity in ("clamped", "unsupported") else []
    doubt = ["think_assumed"] if route.known and decided.fidelity == "assumed" else []
    if codes != [*clamped, *doubt, *([] if route.known else ["unknown_model"]), *scant]:
        return None
    limit, note = decided.max_output_tokens, decided.note and decided.note.replace(route.model, "MODEL")
    bounds = "bounds thinking and answer together" in (note or "")
    mark = _mark(think, decided, route, note, f"; the output limit of {limit} bounds thinking and answer together")
    if mark is None or (limit is None and usual is not None):
        return None
    given = f"/{limit}" if limit != usual or bounds else ""
    return f"{_shown(decided, route.target)}{mark}{given}{'$' if scant else ''}"


def _mark(think: Think, decided: ThinkPlan, route: Route, note: str | None, ceiling: str) -> str | None:
    """The mark that stands for this fidelity and note."""
    if not route.known:
        if note is None or not note.startswith("unknown model"):
            return None
        note = note.removeprefix("unknown model").removeprefix("; ") or None
    elif decided.fidelity == "assumed" and note is not None:
        note = note.removeprefix("unverified").removeprefix("; ") or None
    if think.is_auto:
        label = _default(decided, route.target.card)
        usual = DEFAULTS.get(label, f"the provider's default for this model is {label}")
        return "" if (decided.fidelity, note) == ("default", usual) else None
    budget = route.target.card.budget
    values = {
        "wish": str(think),
        "tokens": think.budget_tokens,
        "sent": decided.level or decided.budget_tokens,
        "least": budget and budget.min,
        "most": budget and budget.max,
        "room": decided.max_output_tokens or route.target.card.max_output_tokens,
        "ceiling": ceiling if note and note.endswith(ceiling) else "",
        "silence": "; only readable reasoning was asked for" if decided.native else "; nothing was sent",
    }
    for mark, fidelity, template in MARKS:
        if note != (template and template.format_map(values)):
            continue
        if fidelity == decided.fidelity:
            return mark
        if decided.fidelity == "assumed" and fidelity in ("exact", "mapped"):
            return f"{mark}°"
    return None


def _shown(decided: ThinkPlan, target: Target) -> str:
    """What is sent, in one word, or what the provider does without."""
    if not decided.native:
        return f"({_default(decided, target.card)})"
    word = _word(decided, target)
    if word == "ask":
        return f"ask({_default(decided, target.card)})"
    return str(decided.budget_tokens) if word == "N" else word


def _default(decided: ThinkPlan, card: ModelCard) -> str:
    """What the model does when it is not asked, as far as this plan says."""
    if card.control == "none":
        return "never"
    if card.absent is not None:
        return card.absent
    return {True: "on", False: "off", None: "?"}[decided.thinks]


if __name__ == "__main__":
    main()
