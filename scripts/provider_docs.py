"""Write docs/providers.md from the data: python scripts/provider_docs.py [--check]."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from thinkdial.engine.plan import PlanContext, ThinkPlan, plan
from thinkdial.profiles import facts
from thinkdial.profiles.card import ModelCard
from thinkdial.profiles.provider import DialectUse, Provider
from thinkdial.providers.registry import dialect
from thinkdial.providers.think import Level, Think

TARGET = Path(__file__).resolve().parent.parent / "docs" / "providers.md"
DIAL = (*(Think(level) for level in Level), Think(budget_tokens=4000))
MARKS = {"exact": "", "mapped": " ~", "clamped": " *", "unsupported": " ✗", "default": ""}

HEAD = """# Providers

Generated from `profiles/*.yaml` by `python scripts/provider_docs.py`; do not edit.

Each table says what every value of the dial becomes for a family of models. Words are what is sent, numbers are budgets
in tokens. Without a mark the model has this very value (*exact*), `~` is *mapped* by the reference table, `*` *clamped*
to the nearest legal value, `✗` *unsupported* (nothing is sent). *default* is what the provider does with `auto`. A name
with † stops or stopped answering; what is marked unverified is not stated as certain.
"""


def main() -> None:
    document = "\n".join(pages()).rstrip() + "\n"
    if "--check" not in sys.argv:
        TARGET.write_text(document, encoding="utf-8")
    elif not TARGET.exists() or TARGET.read_text(encoding="utf-8") != document:
        sys.exit("docs/providers.md is stale; run: python scripts/provider_docs.py")


def pages() -> Iterator[str]:
    yield HEAD
    for provider in facts.providers().values():
        yield from _provider(provider)


def _provider(provider: Provider) -> Iterator[str]:
    yield f"## {provider.name}\n"
    keys = " or ".join(f"`{name}`" for name in provider.api_key_env) or "none needed"
    yield f"- address: {f'`{provider.base_url}`' if provider.base_url else 'given by the profile'}"
    yield f"- key: {keys}"
    others = [name for name in provider.dialects if name != provider.dialect]
    yield f"- dialect: `{provider.dialect}`{''.join(f', `{name}`' for name in others)}"
    for name, part in provider.endpoint.items():
        if part.of is None:
            variables = " or ".join(f"`{variable}`" for variable in part.env)
            default = f"; `{part.default}` without" if part.default else ""
            yield f"- `{name}`: from `endpoint` in the profile, or {variables}{default}"
    yield f"- price: {f'price table, as `{provider.prices}`' if provider.prices else 'only by `price` in the profile'}"
    bills = [use.quirks["bill"]["path"] for use in provider.dialects.values() if "bill" in use.quirks]
    if bills:
        yield f"- bill: the provider's own, in `{bills[0]}`"
    yield f"- sources: {', '.join(f'<{source}>' for source in provider.sources)}\n"
    cards = [card for file in provider.models for card in facts.cards(file)]
    for spoken, use in provider.dialects.items():
        served = [card for card in cards if spoken in card.spelling or (card.control == "none" and not card.spelling)]
        served = [card for card in served if not card.dialects or spoken in card.dialects]
        yield from _table(provider, spoken, use, [*served, provider.unknown_model])
    notes = [f"- **{card.example}**: {_joined(card)}" for card in cards if card.notes or card.unverified]
    if notes:
        yield "<details><summary>Notes on the models</summary>\n"
        yield from notes
        yield "\n</details>\n"


def _table(provider: Provider, spoken: str, use: DialectUse, cards: list[ModelCard]) -> Iterator[str]:
    yield f"### {provider.name} on {spoken}\n"
    words = [str(think) for think in DIAL]
    yield f"| model | default | {' | '.join(words)} |"
    yield f"|---|---|{'---|' * len(words)}"
    spelled: dict[str, None] = {}
    for card in cards:
        spelling = card.spelling.get(spoken)
        if spelling:
            spelled[spelling] = None
        context = PlanContext(
            card=card,
            spelling=facts.spellings()[spelling] if spelling else None,
            reference=facts.reference(),
            model=card.example or "an unknown model",
            limit_required=dialect(spoken).NEEDS_OUTPUT_LIMIT,
            refuses_levels=use.refuses_levels,
        )
        cells = [_cell(plan(think, context)) for think in DIAL]
        name = f"{card.example}{'†' if card.retired else ''}" if card.known else "*any other model*"
        absent = card.absent or ("off" if card.control == "none" else "unknown")
        yield f"| {name} | {absent} | {' | '.join(cells)} |"
    yield ""
    for name in spelled:
        found = facts.spellings()[name]
        for kind in ("visible", "level", "budget", "on", "off"):
            if fields := getattr(found, kind):
                yield f"- `{kind}` → `{json.dumps(fields, ensure_ascii=False)}`"
    yield ""


def _cell(decided: ThinkPlan) -> str:
    if decided.fidelity == "unsupported":
        return "✗"
    if decided.level is not None:
        word = decided.level.value
    elif decided.budget_tokens is not None:
        word = str(decided.budget_tokens)
    else:
        word = "on" if decided.thinks else "off"
    return f"{word}{MARKS[decided.fidelity]}"


def _joined(card: ModelCard) -> str:
    parts = [" ".join(card.notes.split())] if card.notes else []
    if card.unverified:
        parts.append(f"Unverified: {', '.join(card.unverified)}.")
    if card.retired:
        parts.append(f"Stops answering: {card.retired}.")
    return " ".join(parts)


if __name__ == "__main__":
    main()
