"""Write what is sent for every known model and think value: python scripts/golden_plans.py [--check].

One line a plan, in tests/plan/golden. A change of these files is a change of what people's money buys: read the diff
against the facts that the cards cite.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from thinkdial.engine.prepare import Prepared, Prompt, prepare
from thinkdial.engine.target import resolve
from thinkdial.profiles import facts
from thinkdial.profiles.load import Config, load_builtin
from thinkdial.profiles.profile import Profile
from thinkdial.providers.think import parse_think

PROVIDERS = ("openai", "anthropic", "google")
THINK_VALUES = ("auto", "off", "minimal", "low", "medium", "high", "xhigh", "max", "1", "4000", "8k", "100000")
DIRECTORY = Path(__file__).resolve().parent.parent / "tests" / "plan" / "golden"


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
    """Every plan of one provider's cards, as YAML: model, dialect, think value, and what is sent for it."""
    lines = [f"# What is sent to {provider}. Written by scripts/golden_plans.py; limit is the output limit."]
    for file in config.providers[provider].models:
        for card in facts.cards(file):
            lines.append(f"{card.example}:")
            for dialect in config.providers[provider].dialects:
                if card.dialects and dialect not in card.dialects:
                    lines.append(f"  {dialect}: not served")
                    continue
                lines.append(f"  {dialect}:")
                profile = Profile(name="golden", provider=provider, model=card.example, dialect=dialect)
                target = resolve(profile, config)
                for value in THINK_VALUES:
                    prepared = prepare(target, parse_think(value), Prompt("hi"), config.reference)
                    lines.append(f'    "{value}": {_line(prepared)}')
    return "\n".join(lines) + "\n"


def _line(prepared: Prepared) -> str:
    decided = prepared.plan
    shown = {
        "fidelity": decided.fidelity,
        "native": decided.native,
        "limit": decided.max_output_tokens,
        "thinks": decided.thinks,
        "warnings": [notice.code for notice in decided.notices],
        "note": decided.note,
    }
    return json.dumps(shown, ensure_ascii=False)


if __name__ == "__main__":
    main()
