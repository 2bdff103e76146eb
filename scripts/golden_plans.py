"""Write what is sent for every known model and think value: python scripts/golden_plans.py [--check].

One file a provider in tests/plan/golden, one line a plan; models for which everything is the same share one entry, with
MODEL for their name. A change of these files is a change of what people's money buys: read the diff against the facts
that the cards cite.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from thinkdial.engine.planning.prepare import Prepared, Prompt, prepare
from thinkdial.engine.targets.target import resolve
from thinkdial.profiles import facts
from thinkdial.profiles.card import ModelCard
from thinkdial.profiles.config import Config, load_builtin
from thinkdial.profiles.profile import Profile
from thinkdial.providers.think import parse_think

PROVIDERS = facts.provider_names()
THINK_VALUES = ("auto", "off", "minimal", "low", "medium", "high", "xhigh", "max", "1", "4000", "8k", "100000")
WITHOUT_A_DIAL = ("auto", "off", "high", "4000")
"""The values to show for a model that this dialect has no words for."""
DIRECTORY = Path(__file__).resolve().parent.parent / "tests" / "plan" / "golden"
UNKNOWN = "any-other-model"
ENVIRONMENT = {"AZURE_OPENAI_RESOURCE": "resource", "GOOGLE_CLOUD_PROJECT": "project"}
SOMEWHERE = "http://127.0.0.1:9/v1"


def main() -> None:
    stale = False
    config = load_builtin()
    for provider in PROVIDERS:
        path, text = DIRECTORY / f"{provider}.yaml", golden_text(provider, config)
        if "--check" not in sys.argv:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            print(f"{path.name} is stale; run: python scripts/golden_plans.py")
            stale = True
    sys.exit(1 if stale else 0)


def golden_text(provider: str, config: Config) -> str:
    """Every plan of one provider's models, as YAML: models, dialect, think value, and what is sent for it."""
    same: dict[tuple[str, ...], list[str]] = {}
    shown = config.providers[provider]
    for card in [*(card for file in shown.models for card in facts.cards(file)), shown.unknown_model]:
        same.setdefault(tuple(_plans(provider, card, config)), []).append(card.example if card.known else UNKNOWN)
    lines = [f"# What is sent to {provider}. Written by scripts/golden_plans.py; limit is the output limit."]
    for plans, models in same.items():
        lines += [f"- models: [{', '.join(json.dumps(model) for model in models)}]", *plans]
    return "\n".join(lines) + "\n"


def _plans(provider: str, card: ModelCard, config: Config) -> Iterator[str]:
    model = card.example if card.known else UNKNOWN
    base_url = None if config.providers[provider].base_url else SOMEWHERE
    for dialect in config.providers[provider].dialects:
        if card.dialects and dialect not in card.dialects:
            yield f"  {dialect}: not served"
            continue
        yield f"  {dialect}:"
        profile = Profile(name="golden", provider=provider, model=model, dialect=dialect)
        target = resolve(profile, config, base_url=base_url, environment=ENVIRONMENT)
        for value in THINK_VALUES if target.spelling else WITHOUT_A_DIAL:
            prepared = prepare(target, parse_think(value), Prompt("hi"), config.reference)
            yield f'    "{value}": {_line(prepared, model)}'


def _line(prepared: Prepared, model: str) -> str:
    decided = prepared.plan
    shown = {
        "fidelity": decided.fidelity,
        "native": decided.native,
        "limit": decided.max_output_tokens,
        "thinks": decided.thinks,
        "warnings": [notice.code for notice in decided.notices],
        "note": decided.note and decided.note.replace(model, "MODEL"),
    }
    told = {key: value for key, value in shown.items() if key in ("native", "thinks") or value not in (None, [])}
    return json.dumps(told, ensure_ascii=False)


if __name__ == "__main__":
    main()
