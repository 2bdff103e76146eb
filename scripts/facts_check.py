"""What the newest lists know and the shipped facts do not: python scripts/facts_check.py [--json] [--pi DIRECTORY].

Compares the cards, prices and retirements with what this machine has installed: the model literals of the vendors' SDKs
(openai, anthropic), the price tables of genai-prices and litellm, and with --pi the lists in an unpacked
@earendil-works/pi-ai. Nothing is fetched. What is not installed is named, for a list that was not read proves nothing.

Importance 1 is what a vendor's own SDK says, 2 what two lists say, 3 what one list says.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from typing import Any, cast, get_args

from thinkdial.engine.costs.prices.quote import Quote, Wanted, quote
from thinkdial.profiles import facts
from thinkdial.profiles.cards.resolution import card_for
from thinkdial.profiles.cards.retirement import retirement_of

PI_PROVIDERS = {
    "openai": "openai", "anthropic": "anthropic", "google": "google", "mistral": "mistral", "xai": "xai",
    "groq": "groq", "deepseek": "deepseek", "zai": "zai", "meta": "meta", "xiaomi": "xiaomi",
    "cerebras": "cerebras", "baseten": "baseten", "openrouter": "openrouter", "amazon-bedrock": "bedrock",
    "github-copilot": "github-copilot", "together": "together", "fireworks": "fireworks", "moonshotai": "moonshot",
    "minimax": "minimax", "cloudflare-workers-ai": "cloudflare",
}  # fmt: skip
"""Files of pi-ai, and the providers that they are about."""
LITELLM_PROVIDERS = {
    "openai": "openai", "anthropic": "anthropic", "gemini": "google", "mistral": "mistral", "xai": "xai",
    "groq": "groq", "deepseek": "deepseek", "azure": "azure", "bedrock_converse": "bedrock",
    "fireworks_ai": "fireworks", "together_ai": "together", "openrouter": "openrouter", "cohere_chat": "cohere",
    "moonshot": "moonshot", "zai": "zai",
}  # fmt: skip
NO_CHAT = (
    "embedding", "embed", "image", "audio", "tts", "whisper", "moderation", "realtime", "transcribe", "dall-e", "sora",
    "rerank", "veo", "imagen", "lyria", "babbage", "davinci", "omni-mod", "computer-use", "-guard", "ocr",
)  # fmt: skip
DIFFERENCE = Decimal("0.004")
MILLION = Decimal(1_000_000)
KINDS = ("new", "changed", "gone")


@dataclass(frozen=True)
class Known:
    """What one list says of a model: USD per million tokens, and the ISO day of its end."""

    source: str
    provider: str
    model: str
    input: Decimal | None = None
    output: Decimal | None = None
    ends: str | None = None
    is_vendor: bool = False


@dataclass(frozen=True)
class Drift:
    """One thing that lists and facts do not agree on."""

    importance: int
    kind: str
    model: str
    words: str
    sources: tuple[str, ...]


@dataclass
class Lists:
    """What was read, and from which lists, and which are not there."""

    known: list[Known] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument("--pi", type=Path, help="an unpacked @earendil-works/pi-ai, or its node_modules directory")
    options = parser.parse_args()
    lists = installed(options.pi)
    found = drift(lists.known, datetime.now(UTC))
    if options.json:
        document = {"read": lists.read, "not_installed": lists.missing, "drift": [asdict(one) for one in found]}
        sys.stdout.write(json.dumps(document, indent=1) + "\n")
    else:
        sys.stdout.write(words(lists, found))


def words(lists: Lists, found: list[Drift]) -> str:
    """The report for people, most important first."""
    lines = [
        f"read:          {', '.join(lists.read) or 'nothing'}",
        f"not installed: {', '.join(lists.missing) or 'nothing'}",
    ]
    for importance in (1, 2, 3):
        for kind in KINDS:
            there = [one for one in found if (one.importance, one.kind) == (importance, kind)]
            if there:
                lines += ["", f"importance {importance}, {kind}: {len(there)}"]
                lines += [f"  {one.model}: {one.words} ({', '.join(one.sources)})" for one in there]
    return "\n".join([*lines, *([] if found else ["", "nothing is new, changed or gone"])]) + "\n"


def drift(known: Iterable[Known], at: datetime) -> list[Drift]:
    """What these lists know otherwise, most important first."""
    by_model: dict[str, list[Known]] = {}
    for one in known:
        if not _is_no_chat(one.model):
            by_model.setdefault(f"{one.provider}/{one.model}", []).append(one)
    found = [one for name, said in by_model.items() for one in _of_model(name, said, at)]
    found += _gone(by_model, at.date())
    return sorted(found, key=lambda one: (one.importance, KINDS.index(one.kind), one.model))


def _is_no_chat(model: str) -> bool:
    return any(part in model.lower() for part in NO_CHAT)


def _of_model(name: str, said: list[Known], at: datetime) -> Iterator[Drift]:
    provider, model = said[0].provider, said[0].model
    sources = tuple(dict.fromkeys(one.source for one in said))
    importance = 1 if any(one.is_vendor for one in said) else 2 if len(sources) > 1 else 3
    card = card_for(facts.shipped_provider(provider), model)
    if not card.known:
        yield Drift(importance, "new", name, "no card", sources)
    end = retirement_of(provider, model, card)
    for one in said:
        if one.ends is not None and (end is None or end.on[:10] != one.ends):
            told = "no end is known" if end is None else f"the facts say {end.on}"
            yield Drift(importance, "changed", name, f"ends on {one.ends}; {told}", (one.source,))
    yield from _prices(name, said, importance, at)


def _prices(name: str, said: list[Known], importance: int, at: datetime) -> Iterator[Drift]:
    table = facts.shipped_provider(said[0].provider).prices
    priced = [one for one in said if one.input is not None and one.output is not None]
    if table is None or not priced:
        return
    found = quote(Wanted(table, said[0].model, at, {}, 1000, 1000))
    if not isinstance(found, Quote):
        dearest = priced[0]
        yield Drift(importance, "new", name, f"no price; {dearest.input} and {dearest.output}", (dearest.source,))
        return
    for one in priced:
        ours, theirs = (found.rates.input, found.rates.output), (one.input or Decimal(0), one.output or Decimal(0))
        if any(abs(a - b) > DIFFERENCE * max(a, b) for a, b in zip(ours, theirs, strict=True)):
            told = f"priced {ours[0].normalize():f} and {ours[1].normalize():f}, listed {theirs[0]:f} and {theirs[1]:f}"
            yield Drift(importance, "changed", name, told, (one.source,))


def _gone(by_model: dict[str, list[Known]], today: date) -> Iterator[Drift]:
    """The models with a card and no end that a list about their provider does not have any more."""
    lists: dict[str, set[str]] = {}
    for said in by_model.values():
        for one in said:
            lists.setdefault(one.provider, set()).add(one.source)
    for name, sources in lists.items():
        provider = facts.shipped_provider(name)
        listed = [said[0].model for said in by_model.values() if said[0].provider == name]
        for card in (card for file in provider.models for card in facts.cards(file)):
            end = retirement_of(name, card.example, card)
            if _is_no_chat(card.example) or (end is not None and end.has_ended(today)):
                continue
            if not any(card.matches(model) for model in listed):
                yield Drift(
                    3, "gone", f"{name}/{card.example}", "in none of the lists that were read", tuple(sorted(sources))
                )


def installed(pi: Path | None) -> Lists:
    """What this machine has of lists."""
    lists = Lists()
    for name, reader in (
        ("openai", _openai), ("anthropic", _anthropic), ("litellm", _litellm),
    ):  # fmt: skip
        try:
            source = f"{name} {version(name)}"
        except PackageNotFoundError:
            lists.missing.append(name)
            continue
        lists.known += reader(source)
        lists.read.append(source)
    lists.known += _genai_prices()
    lists.read.append(f"genai-prices {version('genai-prices')}")
    if pi is None:
        lists.missing.append("@earendil-works/pi-ai (--pi)")
    else:
        folder = next((found.parent for found in pi.rglob("openrouter.json")), pi)
        lists.known += _pi(folder)
        lists.read.append(f"pi-ai in {folder}")
    return lists


def _literals(kind: Any) -> Iterator[str]:
    for inner in get_args(kind):
        if isinstance(inner, str):
            yield inner
        elif inner is not kind:
            yield from _literals(inner)


def _openai(source: str) -> Iterator[Known]:
    from openai.types import shared

    names = {name for kind in (shared.ChatModel, shared.ResponsesModel) for name in _literals(kind)}
    yield from (Known(source, "openai", name, is_vendor=True) for name in sorted(names))


def _anthropic(source: str) -> Iterator[Known]:
    from anthropic.resources.messages import messages
    from anthropic.types import model

    ends = cast("dict[str, str]", getattr(messages, "DEPRECATED_MODELS", {}))
    for name in sorted({*_literals(model.Model), *ends}):
        yield Known(source, "anthropic", name, ends=_day(ends.get(name)), is_vendor=True)


def _day(value: str | None) -> str | None:
    """An ISO day, also of what is written as `January 22nd, 2027`."""
    if value is None:
        return None
    plain = " ".join(word.rstrip("stndrh,") if word[:1].isdigit() else word for word in value.split())
    for form in ("%Y-%m-%d", "%B %d %Y"):
        try:
            return datetime.strptime(plain, form).date().isoformat()
        except ValueError:
            continue
    return None


def _litellm(source: str) -> Iterator[Known]:
    """From the file, without importing the library, which takes seconds."""
    files = [
        one for one in distribution("litellm").files or () if one.name.startswith("model_prices_and_context_window")
    ]
    for file in files[:1]:
        listed = cast("dict[str, dict[str, Any]]", json.loads(Path(str(file.locate())).read_text(encoding="utf-8")))
        for name, entry in listed.items():
            provider = LITELLM_PROVIDERS.get(str(entry.get("litellm_provider")))
            if provider is not None and entry.get("mode") in ("chat", "responses"):
                bare = name.removeprefix(f"{entry['litellm_provider']}/")
                yield Known(
                    source, provider, bare, _million(entry.get("input_cost_per_token")),
                    _million(entry.get("output_cost_per_token")), _day(entry.get("deprecation_date")),
                )  # fmt: skip


def _genai_prices() -> Iterator[Known]:
    """Which models the price table lists; their prices are those that are charged."""
    from genai_prices.data_snapshot import get_snapshot

    source = f"genai-prices {version('genai-prices')}"
    tables = {
        provider.prices: name for name, provider in facts.providers().items() if name in (*provider.models, "google")
    }
    for provider in get_snapshot().providers:
        if provider.id in tables:
            yield from (Known(source, tables[provider.id], model.id) for model in provider.models)


def _pi(folder: Path) -> Iterator[Known]:
    for file, provider in PI_PROVIDERS.items():
        path = folder / f"{file}.json"
        if not path.is_file():
            continue
        for group in json.loads(path.read_text(encoding="utf-8")).values():
            for entry in group.values():
                if entry.get("type") == "chat":
                    price = entry["cost"]
                    yield Known(
                        "pi-ai", provider, entry["id"], Decimal(str(price["input"])), Decimal(str(price["output"]))
                    )


def _million(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value)) * MILLION


if __name__ == "__main__":
    main()
