"""Write docs/providers.md from the data: python scripts/provider_docs.py [--check]."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec.structs import replace

from thinkdial.engine.planning.plan import PlanContext, ThinkPlan, plan
from thinkdial.profiles import facts
from thinkdial.profiles.card import ModelCard
from thinkdial.profiles.cards.retirement import retirement_of
from thinkdial.profiles.config import Config, load_builtin
from thinkdial.profiles.provider import DialectUse, Provider
from thinkdial.providers.registry import dialect
from thinkdial.providers.think import Level, Think

TARGET = Path(__file__).resolve().parent.parent / "docs" / "providers.md"
DIAL = (*(Think(level) for level in Level), Think(budget_tokens=4000))
MARKS = {"exact": "", "assumed": " °", "mapped": " ~", "clamped": " *", "unsupported": " ✗", "default": ""}
COUNTS: Mapping[str, tuple[str, str]] = {
    "openai-responses": ("inside the output", "inside the input"),
    "openai-chat": ("inside the output", "inside the input"),
    "anthropic-messages": ("inside the output", "beside the input"),
    "gemini-generate": ("beside the output", "inside the input"),
    "gemini-interactions": ("beside the output", "inside the input"),
    "bedrock-invoke": ("inside the output", "beside the input"),
    "bedrock-converse": ("inside the output, not counted apart", "beside the input"),
    "mistral-chat": ("inside the output", "inside the input"),
    "cohere-chat": ("inside the output, not counted apart", "unverified"),
    "ollama-chat": ("inside the output, not counted apart", "not reported"),
}
"""Where each wire counts reasoning tokens and cached tokens. A quirk of the provider can say otherwise."""
OUTSIDE = "beside the output"

HEAD = """# Providers

Generated from `profiles/*.yaml` by `python scripts/provider_docs.py`; do not edit.

## How to read this

The tables say what every value of the dial becomes. A word is the level that is sent, a number a budget in tokens.

| mark | fidelity | meaning |
|---|---|---|
| none | *exact* | the model has this very value |
| `°` | *assumed* | sent as it is, or mapped, but no cited fact says that this model takes it here |
| `~` | *mapped* | a level as a budget or the reverse, by the reference table |
| `*` | *clamped* | the nearest legal value |
| `✗` | *unsupported* | nothing of the wish can be sent; a model that thinks all the same still does |

*Default* is what the provider does with `auto`, when no thinking field is sent; *on* is thinking, as much as it likes.
† marks a model that stops or stopped answering. ? marks one with facts that have one weak source or none: the notes
below the tables name them. Models for which everything is the same share a line.

*Counts* is the provider's own convention. Results and costs do not depend on it: in a result the output always includes
reasoning and the input always includes what was cached. *Bill* is the field in which a provider reports what it
charged; without one the price table is used.
"""


def main() -> None:
    document = "\n".join(pages()).rstrip() + "\n"
    if "--check" not in sys.argv:
        TARGET.write_text(document, encoding="utf-8")
    elif not TARGET.exists() or TARGET.read_text(encoding="utf-8") != document:
        sys.exit("docs/providers.md is stale; run: python scripts/provider_docs.py")


def pages() -> Iterator[str]:
    config = load_builtin()
    shipped = list(facts.providers().values())
    yield HEAD
    yield "| provider | built-in profiles | dialects | key |\n|---|---|---|---|"
    for provider in shipped:
        dialects = ", ".join(f"`{name}`" for name in provider.dialects)
        profiles = ", ".join(f"`{name}`" for name in _profiles(provider, config)) or "none"
        yield f"| [{provider.name}](#{provider.name}) | {profiles} | {dialects} | {_keys(provider)} |"
    yield ""
    for provider in shipped:
        yield from _provider(provider, config)


def _profiles(provider: Provider, config: Config) -> list[str]:
    return [name for name, profile in config.profiles.items() if profile.provider == provider.name]


def _keys(provider: Provider) -> str:
    return " or ".join(f"`{name}`" for name in provider.api_key_env) or "none"


def _provider(provider: Provider, config: Config) -> Iterator[str]:
    yield f"## {provider.name}\n"
    if named := _profiles(provider, config):
        yield f"- profiles: {', '.join(f'`{name}` ({config.profiles[name].model})' for name in named)}"
    yield f"- address: {f'`{provider.base_url}`' if provider.base_url else '`base_url` in the profile'}"
    for name, part in provider.endpoint.items():
        if part.of is None:
            variables = " or ".join(f"`{variable}`" for variable in part.env)
            default = f"; `{part.default}` without" if part.default else ""
            yield f"- `{{{name}}}`: from `endpoint` in the profile, or {variables}{default}"
    where = f", from <{provider.key_url}>" if provider.key_url else ""
    signed = "; without one, AWS credentials sign the request" if provider.signing else ""
    yield f"- key: {_keys(provider)}{where}{signed}"
    yield from _counts(provider)
    yield f"- price: {f'price table, as `{provider.prices}`' if provider.prices else 'only by `price` in the profile'}"
    if bills := dict.fromkeys(_bills(provider)):
        yield f"- bill: {', '.join(bills)}"
    if provider.catalogue is not None:
        yield f"- catalogue: `{provider.catalogue.path}`, read by `thinkdial models refresh`"
    yield f"- sources: {', '.join(_cited(source) for source in provider.sources)}\n"
    cards = [with_end(provider, card) for file in provider.models for card in facts.cards(file)]
    for spoken, use in provider.dialects.items():
        served = [card for card in cards if not card.dialects or spoken in card.dialects]
        if any(spoken in card.spelling for card in [*served, provider.unknown_model]):
            yield from _table(provider, spoken, use, [*served, provider.unknown_model])
        else:
            yield f"### {provider.name} on {spoken}\n\nNothing is known of a thinking field on this route.\n"
    yield from _notes(provider)


def _bills(provider: Provider) -> Iterator[str]:
    for use in provider.dialects.values():
        told = use.quirks.get("bill", [])
        for place in told if isinstance(told, list) else [told]:
            yield f"`{place['path']}`" if "path" in place else f"header `{place['header']}`"


def _cited(source: str) -> str:
    return f"<{source}>" if "://" in source else f"`{source}`"


def _counts(provider: Provider) -> Iterator[str]:
    told: dict[tuple[str, str], list[str]] = {}
    for spoken, use in provider.dialects.items():
        reasoning, cached = COUNTS[spoken]
        if use.quirks.get("reasoning_outside_output"):
            reasoning = OUTSIDE
        told.setdefault((reasoning, cached), []).append(spoken)
    for (reasoning, cached), dialects in told.items():
        on = f" on {' and '.join(dialects)}" if len(told) > 1 else ""
        yield f"- counts{on}: reasoning {reasoning}; cached tokens {cached}"


def _notes(provider: Provider) -> Iterator[str]:
    notes: list[str] = []
    for file in provider.models:
        if file != provider.name and file in facts.provider_names():
            yield f"For notes on these models see [{file}](#{file}).\n"
            continue
        own = (with_end(provider, card) for card in facts.cards(file))
        notes += [f"- **{card.example}**: {text}" for card in own if (text := _note(card))]
    if provider.unknown_model.unverified:
        notes.append(f"- *any other model*: {_note(provider.unknown_model)}")
    if notes:
        yield f"<details><summary>Notes on the models of {provider.name}</summary>\n"
        yield from notes
        yield "\n</details>\n"


def _table(provider: Provider, spoken: str, use: DialectUse, cards: list[ModelCard]) -> Iterator[str]:
    usual = " (the usual dialect)" if spoken == provider.dialect and len(provider.dialects) > 1 else ""
    yield f"### {provider.name} on {spoken}{usual}\n"
    if use.refuses_levels:
        yield f"This route takes no {' or '.join(use.refuses_levels)}, whatever the model.\n"
    words = [str(think) for think in DIAL]
    yield f"| model | default | {' | '.join(words)} |"
    yield f"|---|---|{'---|' * len(words)}"
    spelled: dict[str, set[str]] = {}
    rows: dict[tuple[str, ...], list[str]] = {}
    for card in cards:
        spelling = card.spelling.get(spoken)
        if spelling:
            spelled.setdefault(spelling, set()).update(_kinds(card, use))
        context = PlanContext(
            card=card,
            spelling=facts.spellings()[spelling] if spelling else None,
            reference=facts.reference(),
            model=card.example or "an unknown model",
            limit_required=dialect(spoken).NEEDS_OUTPUT_LIMIT,
            refuses_levels=use.refuses_levels,
        )
        cells = [_cell(plan(think, context)) for think in DIAL]
        absent = card.absent or {"none": "off", "fixed": "on"}.get(card.control, "unknown")
        rows.setdefault((absent, *cells), []).append(_name(card))
    for cells, names in rows.items():
        yield f"| {', '.join(names)} | {' | '.join(cells)} |"
    yield "\nWhat is sent:\n"
    for name, kinds in spelled.items():
        found = facts.spellings()[name]
        yield f"- {name}"
        for kind in ("visible", "level", "budget", "on", "off"):
            if kind in kinds and (fields := getattr(found, kind)):
                yield f"  - {kind}: `{json.dumps(fields, ensure_ascii=False)}`"
    yield ""


def _kinds(card: ModelCard, use: DialectUse) -> set[str]:
    """What the dial can have to say to this model."""
    kinds = {"visible"}
    if card.control == "effort" and any(level.value not in use.refuses_levels for level in card.levels):
        kinds.add("level")
    if card.budget is not None:
        kinds.add("budget")
    if card.control == "switch":
        kinds.add("on")
    if card.can_be_off and card.off is None:
        kinds.add("off")
    return kinds


def with_end(provider: Provider, card: ModelCard) -> ModelCard:
    """The card with what is known of its end at this provider, and nothing of its end elsewhere."""
    end = retirement_of(provider.name, card.example, card)
    if end is None:
        return replace(card, retires=None, retired=None, successor=None)
    return replace(card, retires=None, retired=end.on, successor=end.successor, then=end.then)


def _name(card: ModelCard) -> str:
    if not card.known:
        return "*any other model*"
    return f"{card.example}{'†' if card.retired else ''}{'?' if card.unverified else ''}"


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


def _note(card: ModelCard) -> str:
    parts = [" ".join(card.notes.split())] if card.notes else []
    if card.off:
        parts.append(f"Off is `{json.dumps(card.off)}`.")
    if not card.output_limit_covers_thinking and card.control != "none":
        parts.append("The output limit does not bound thinking.")
    if card.unverified:
        parts.append(f"Unverified: {', '.join(card.unverified)}.")
    if card.retired:
        then = "answers then" if card.then == "rerouted" else "follows"
        parts.append(f"Ends: {card.retired}{f'; {card.successor} {then}' if card.successor else ''}.")
    return " ".join(parts)


if __name__ == "__main__":
    main()
