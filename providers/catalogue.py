"""What providers publish about their models -> facts that a model card can take over. Pure.

Each reader takes the JSON of one catalogue page and yields what it says, model by model; what it does not say is None.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from msgspec import Struct

from .json_values import array, count, items, obj, text
from .think import THINKING_LEVELS, Level

_OFF_WORDS = frozenset({"none", "off", "false"})
_SWITCH = {"True": "on", "False": "off"}
MILLION = Decimal(1_000_000)
DEAREST = Decimal(100_000)
"""More than a token costs, in whatever unit."""


class Published(Struct, frozen=True):
    """One model of a catalogue. `levels` are rising; `absent` is a level, `on` or `off`; tokens are limits.

    `price` is in USD per million tokens, by `input`, `output`, `cached_input` and `cache_write`; `retires` an ISO day.
    """

    model: str
    thinks: bool | None = None
    levels: tuple[Level, ...] | None = None
    can_be_off: bool | None = None
    absent: str | None = None
    context_tokens: int | None = None
    max_output_tokens: int | None = None
    takes_budget: bool | None = None
    price: Mapping[str, Decimal] | None = None
    retires: str | None = None
    successor: str | None = None


def anthropic(document: Any) -> Iterator[Published]:
    """`GET /v1/models`. Source: https://platform.claude.com/docs/en/api/models-list

    `disabled` is also "supported" by models that never think, and off may still be bound to a low effort.
    """
    for entry in items(obj(document).get("data")):
        capabilities = obj(entry.get("capabilities"))
        types = obj(obj(capabilities.get("thinking")).get("types"))
        effort = obj(capabilities.get("effort"))
        levels = tuple(level for level in THINKING_LEVELS if _supported(effort.get(level.value)))
        offs = [_supported(types.get(name)) for name in ("disabled", "between_tools") if name in types]
        if name := text(entry.get("id")):
            yield Published(
                model=name,
                thinks=any(_supported(types.get(kind)) for kind in ("adaptive", "enabled")) if types else None,
                levels=levels or None,
                can_be_off=any(offs) if offs else None,
                context_tokens=count(entry.get("max_input_tokens")),
                max_output_tokens=count(entry.get("max_tokens")),
            )


def google(document: Any) -> Iterator[Published]:
    """`GET /v1/models`. Source: https://ai.google.dev/api/models. It says whether a model thinks, not how."""
    for entry in items(obj(document).get("models")):
        if name := text(entry.get("name")):
            thinking = entry.get("thinking")
            yield Published(
                model=name.removeprefix("models/"),
                thinks=thinking if isinstance(thinking, bool) else None,
                context_tokens=count(entry.get("inputTokenLimit")),
                max_output_tokens=count(entry.get("outputTokenLimit")),
            )


def xai(document: Any) -> Iterator[Published]:
    """`GET /v1/models`, aliases included. Source: https://docs.x.ai/developers/models"""
    for entry in items(obj(document).get("data")) or items(obj(document).get("models")):
        capabilities = obj(entry.get("capabilities"))
        words = _words(capabilities.get("reasoning_effort"))
        for name in filter(None, map(text, [entry.get("id"), *array(entry.get("aliases"))])):
            yield Published(
                model=name,
                levels=_levels(words) or None,
                can_be_off=bool(_OFF_WORDS & set(words)) if words else None,
                absent=_absent(text(capabilities.get("default_reasoning_effort"))),
                context_tokens=count(entry.get("context_length")),
            )


def openrouter(document: Any) -> Iterator[Published]:
    """`GET /api/v1/models`. Source: https://openrouter.ai/docs/api-reference/list-available-models

    `supported_efforts` null means that everything is accepted, missing that there is no effort control;
    `supports_max_tokens` is there only where budgets are accepted. A model without `reasoning` does not reason, except
    for routers such as `openrouter/auto`. Prices are per token; a negative one stands for many.
    """
    for entry in items(obj(document).get("data")):
        name = text(entry.get("id"))
        if name is None:
            continue
        stated = entry.get("reasoning")
        reasoning = obj(stated)
        top = obj(entry.get("top_provider"))
        context_tokens = count(entry.get("context_length"))
        price = price_in(obj(entry.get("pricing")), "prompt", "completion", "input_cache_read", "input_cache_write")
        if stated is None:
            thinks = None if name.startswith("openrouter/") else False
            yield Published(name, thinks, context_tokens=context_tokens, price=price)
            continue
        if not isinstance(stated, dict):
            yield Published(name, context_tokens=context_tokens, price=price)
            continue
        words = _words(reasoning.get("supported_efforts"))
        everything = "supported_efforts" in reasoning and reasoning.get("supported_efforts") is None
        mandatory = reasoning.get("mandatory")
        default = text(reasoning.get("default_effort"))
        enabled = reasoning.get("default_enabled")
        yield Published(
            model=name,
            thinks=True,
            levels=THINKING_LEVELS if everything else _levels(words) or None,
            can_be_off=not mandatory if isinstance(mandatory, bool) else None,
            absent="off" if enabled is False else _absent(default) or ("on" if enabled is True else None),
            context_tokens=context_tokens,
            max_output_tokens=count(top.get("max_completion_tokens")),
            takes_budget=reasoning.get("supports_max_tokens") is True,
            price=price,
            retires=day(entry.get("expiration_date")),
        )


def ollama_show(document: Any, model: str) -> Iterator[Published]:
    """`POST /api/show` for one model. Source: https://github.com/ollama/ollama/pull/18473

    `thinking.values` lists booleans for a switch and words for levels; a lone false is a model that cannot think.
    """
    shown = obj(document)
    thinking = obj(shown.get("thinking"))
    values = array(thinking.get("values"))
    words = [value for value in values if isinstance(value, str)]
    capable = "thinking" in _words(shown.get("capabilities")) if "capabilities" in shown else None
    default = thinking.get("default")
    yield Published(
        model=model,
        thinks=(any(value is not False for value in values) if values else capable),
        levels=_levels(words) or None,
        can_be_off=(False in values or bool(_OFF_WORDS & set(words))) if values else None,
        absent=_absent(default) if isinstance(default, str) else _SWITCH.get(str(default)),
    )


READERS: Mapping[str, Callable[[Any], Iterator[Published]]] = {
    "anthropic": anthropic,
    "google": google,
    "xai": xai,
    "openrouter": openrouter,
}
"""Catalogue styles that one GET answers; Ollama is asked model by model."""


def listed_names(document: Any) -> frozenset[str]:
    """The model ids on one page of any list of models: under `data`, under `models`, or in an array by itself."""
    if isinstance(document, list):
        listed = items(cast("list[Any]", document))
    else:
        listed = items(obj(document).get("data")) or items(obj(document).get("models"))
    found: list[Any] = []
    for entry in listed:
        found += [entry.get("id"), entry.get("model"), *array(entry.get("aliases"))]
        if "id" not in entry:
            found.append(entry.get("name"))
    return frozenset(name.removeprefix("models/") for name in map(text, found) if name)


def is_listed(model: str, names: frozenset[str]) -> bool:
    """Whether `model` is among `names`, also by what stands for it: a dated name, `:latest`, or itself without the
    `:variant` that chooses a host or a price."""
    model = model.removeprefix("models/")
    if not names.isdisjoint({model, f"{model}:latest", model.partition(":")[0]}):
        return True
    dated = re.compile(rf"{re.escape(model)}[-@](?:\d{{8}}|\d{{4}}-\d\d-\d\d|\d{{3,4}}|latest)")
    return any(dated.fullmatch(name) for name in names)


def next_page(style: str, document: Any) -> Mapping[str, str] | None:
    """The query of the next page, or None after the last one."""
    page = obj(document)
    if style == "anthropic" and page.get("has_more") is True and (last := text(page.get("last_id"))):
        return {"after_id": last}
    if style == "google" and (token := text(page.get("nextPageToken"))):
        return {"pageToken": token}
    return None


def _supported(value: Any) -> bool:
    return value is True or obj(value).get("supported") is True


def _words(value: Any) -> list[str]:
    return [word.lower() for word in array(value) if isinstance(word, str)]


def day(value: Any) -> str | None:
    """The ISO day of a date or a time, as text or in seconds since 1970."""
    from datetime import UTC, date, datetime

    try:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC).date().isoformat()
        return date.fromisoformat((text(value) or "")[:10]).isoformat()
    except (OverflowError, OSError, ValueError):
        return None


def price_in(
    prices: Mapping[str, Any],
    entered: str,
    output: str,
    cached: str | None = None,
    written: str | None = None,
    *,
    per: Decimal = MILLION,
    free: bool = True,
) -> Mapping[str, Decimal] | None:
    """A price in USD per million tokens from `prices`, whose numbers are `per` of that; None without both ends.

    With `free` false zeros are what nobody filled in.
    """
    names = {"input": entered, "output": output, "cached_input": cached, "cache_write": written}
    amounts = {kind: _amount(prices.get(name)) for kind, name in names.items() if name}
    found = {kind: amount * per for kind, amount in amounts.items() if amount is not None}
    if "input" not in found or "output" not in found or (not free and not any(found.values())):
        return None
    return found


def _amount(value: Any) -> Decimal | None:
    """A price as text or number, which is finite and no less than nothing."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal)):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and 0 <= amount <= DEAREST else None


def levels_in(words: Iterable[Any]) -> tuple[Level, ...]:
    """The levels among `words`, rising."""
    return _levels([word.lower() for word in words if isinstance(word, str)])


def _levels(words: list[str]) -> tuple[Level, ...]:
    return tuple(level for level in THINKING_LEVELS if level.value in words)


def _absent(word: str | None) -> str | None:
    if word is None:
        return None
    lowered = word.lower()
    if lowered in _OFF_WORDS:
        return "off"
    return lowered if lowered in list(Level) else None
