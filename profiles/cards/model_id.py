"""An id of a model, taken apart: who made it, what it is called, and where and how it is served. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

_PUBLISHED = r"(?:.*/)?publishers/(?P<vendor>[^/]+)/models/(?P<name>.+)"
_OF_ACCOUNT = r"(?:.*/)?accounts/[^/]+/(?:models|routers)/(?P<name>.+)"
_ARN = r"arn:aws[a-z-]*:bedrock:[^:]*:[^:]*:(?P<kind>[a-z-]+)/(?P<name>.+)"
_NAMING_ARNS = ("foundation-model", "inference-profile", "default-prompt-router")
_API_VERSION = r"(-v\d+)?(:\d+)(:\d+k)?$|-v\d+$"
_AT_VERSION = r"@(\d{3,8}|default|latest)$"
_SNAPSHOT = r"-(\d{8}|\d{4}-\d{2}-\d{2}|\d{4}|\d{3}|\d{2}-\d{2}|\d{2}-\d{4})$"
_MOVING = r"[-:@](latest|default)$"
_FINE_TUNED = r"ft:(?P<base>[^:]+)(:.*)?"


class IdWords(Struct, frozen=True):
    """The words that ids are put together of: `vendors` are names in front of an id, by the vendor that they mean."""

    regions: tuple[str, ...]
    prefixes: tuple[str, ...]
    same: tuple[str, ...]
    hosts: tuple[str, ...]
    vendors: dict[str, str]


class IdReading(Struct, frozen=True):
    """One way to read an id. `vendor` made the model, if the id says so; `why` is what was left out and may matter."""

    name: str
    vendor: str | None = None
    why: str | None = None


def readings(model: str, words: IdWords) -> tuple[IdReading, ...]:
    """All ways to read `model`, the nearest to what is written first; the id as it is written is not among them."""
    found: dict[str, IdReading] = {}
    for reading in _readings(model, words):
        if reading.name and reading.name != model:
            found.setdefault(reading.name, reading)
    return tuple(found.values())


def is_opaque(model: str) -> bool:
    """Whether the id names a place of the account, and no model: an application's profile, a deployment, a preset."""
    arn = re.fullmatch(_ARN, model) if model.startswith("arn:") else None
    return bool(arn and arn["kind"] not in _NAMING_ARNS) or "/deployments/" in model or model.startswith("@preset/")


def _readings(model: str, words: IdWords) -> Iterator[IdReading]:
    if is_opaque(model):
        return
    served = list(_unwrapped(model, words))
    yield from served
    for one in served:
        yield from _respelled(one, words)
    for one in served:
        for other in (one, *_respelled(one, words)):
            yield from _reduced(other)


def _unwrapped(model: str, words: IdWords) -> Iterator[IdReading]:
    """The id without what says where it is served, step by step, and with the vendor that stands in front."""
    name, vendor, why = model.strip().removeprefix("models/"), None, None
    if "publishers/" in name and (published := re.fullmatch(_PUBLISHED, name)):
        vendor, name = words.vendors.get(published["vendor"].lower()), published["name"]
        yield IdReading(name, vendor)
    elif "accounts/" in name and (owned := re.fullmatch(_OF_ACCOUNT, name)):
        name = owned["name"]
        yield IdReading(name)
    if name.startswith("arn:") and (arn := re.fullmatch(_ARN, name)):
        name = arn["name"]
        yield IdReading(name, vendor)
    yield IdReading(name, vendor)
    name = name.removeprefix("~").removeprefix("@cf/").removeprefix("@hf/")
    yield IdReading(name, vendor)
    region, dot, rest = name.partition(".")
    if dot and region in words.regions and "." in rest:
        name = rest
        yield IdReading(name, vendor)
    while "/" in name:
        first, _, name = name.partition("/")
        vendor = words.vendors.get(first.lower(), vendor)
        if vendor is None:
            why = f"published by {first}"
        yield IdReading(name, vendor, why)
    first, dot, rest = name.partition(".")
    if dot and first.lower() in words.vendors and rest:
        vendor = words.vendors[first.lower()]
        yield IdReading(rest, vendor, why)
        yield IdReading(f"{first}-{rest}", vendor, why)
        name = rest
    for prefix in words.prefixes:
        if name.startswith(prefix):
            yield IdReading(name.removeprefix(prefix), vendor, why)


def _respelled(one: IdReading, words: IdWords) -> Iterator[IdReading]:
    """The same model under another spelling: a version behind `@`, the version of the API, a way to be served."""
    name, vendor, why = one.name, one.vendor, one.why
    if "@" in name and (version := re.search(_AT_VERSION, name)):
        word, name = version[1], name[: version.start()]
        yield IdReading(f"{name}-{word}" if word.isdigit() else name, vendor, why)
        return
    if version := re.search(_API_VERSION, name):
        name = name[: version.start()]
        yield IdReading(name, vendor, why)
    base, colon, tag = name.rpartition(":")
    if not colon or not base or base.startswith("ft:"):
        return
    if tag.lower() in words.same:
        yield IdReading(base, vendor, why)
    elif tag.lower() in words.hosts:
        yield IdReading(base, vendor, why or f"answered by {tag}")
    else:
        yield IdReading(f"{base}-{tag}", vendor, why or f"tagged {tag}")


def _reduced(one: IdReading) -> Iterator[IdReading]:
    """The model that the id points at or is a kind of, and why the two may differ."""
    name, vendor = one.name, one.vendor
    if name.startswith("ft:") and (tuned := re.fullmatch(_FINE_TUNED, name)):
        name = tuned["base"]
        yield IdReading(name, vendor, one.why or "fine-tuned")
    if name.endswith(("latest", "default")) and (moving := re.search(_MOVING, name)):
        name = name[: moving.start()]
        yield IdReading(name, vendor, one.why or f"what {moving[1]} points at may change")
    while name[-1:].isdecimal() and (snapshot := re.search(_SNAPSHOT, name)):
        name = name[: snapshot.start()]
        yield IdReading(name, vendor, one.why or f"snapshot {snapshot[1]}")
