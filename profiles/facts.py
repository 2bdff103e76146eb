"""YAML -> providers, model cards, spellings and the reference table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import TypeVar

from ..providers import registry
from ..providers.errors import ConfigError
from ..providers.think import Level
from .card import ModelCard, Spelling
from .cards.card_file import CardFile, check_dialect, check_pattern, read_card, read_cards, read_levels
from .cards.id_pattern import fits
from .profile import CallLimits, Reference
from .provider import Catalogue, DialectUse, EndpointPart, Listing, Provider, VendorWords
from .sections.compiled import kept_or_read
from .sections.section import Section
from .yaml_file import read_yaml

ENDPOINT_VALUE = r"[A-Za-z0-9][A-Za-z0-9._-]*"
PROVIDER_ENTRY_POINTS = "thinkdial.providers"
"""The entry-point group of providers from elsewhere: name -> YAML text of `providers` and, if need be, `spellings`."""

CATALOGUE_STYLES = (
    "anthropic", "google", "xai", "openrouter", "ollama", "openai", "mistral", "groq", "together", "huggingface",
    "vercel", "bedrock", "vllm", "lmstudio", "deepinfra", "novita", "venice", "copilot", "cohere", "windows",
)  # fmt: skip

_FOLDER = Path(__file__).parent

T = TypeVar("T")

_PROVIDER_KEYS = (
    "base_url", "api_key_env", "key_url", "auth_header", "auth_scheme", "headers", "dialect", "dialects",
    "models", "prices", "unpriced", "unknown_model", "sources", "endpoint", "signing", "catalogue", "listing",
    "speaks",
)  # fmt: skip
_SPELLING_KEYS = ("visible", "level", "budget", "on", "off", "words", "owns", "optional", "levels", "off_note")


def packaged_text(name: str) -> str:
    """The text of a file below `profiles/`, such as `data/starter.yaml`."""
    return (_FOLDER / name).read_text(encoding="utf-8")


@lru_cache(maxsize=8)
def packaged(name: str) -> Section:
    """The YAML of a file below `profiles/data/`; complaints call it by that name."""
    return read_yaml(packaged_text(f"data/{name}"), name, kept_as=name)


def packaged_names(folder: str) -> tuple[str, ...]:
    """The names of the YAML files in a folder below `profiles/data/`, without their ending."""
    listed = (file.name for file in (_FOLDER / "data" / folder).iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in listed if name.endswith(".yaml")))


def read_packaged(name: str, kind: type[T], read: Callable[[Section], T]) -> T:
    """What `read` makes of a file below `profiles/data/`, read anew when either has changed."""
    return kept_or_read(_FOLDER / "data" / name, kind, lambda: read(packaged(name)))


@cache
def spellings() -> Mapping[str, Spelling]:
    """Every shipped way to spell a thinking wish, by name."""
    return read_packaged("spellings.yaml", dict[str, Spelling], _spellings)


def _spellings(root: Section) -> dict[str, Spelling]:
    return {name: read_spelling(name, _required(root, name)) for name in root}


@cache
def provider_names() -> tuple[str, ...]:
    """The names of the shipped providers; each has a file `data/providers/NAME.yaml`."""
    return packaged_names("providers")


@cache
def shipped_provider(name: str) -> Provider:
    """One shipped provider."""
    return read_packaged(f"providers/{name}.yaml", Provider, partial(read_provider, name))


def is_shipped(provider: Provider) -> bool:
    """Whether this is the shipped provider of that name, and none of the configuration's."""
    return provider.name in provider_names() and provider is shipped_provider(provider.name)


class Providers(Mapping[str, Provider]):
    """Providers by name: those of the configuration, then the shipped ones, each read when it is first asked for."""

    def __init__(self) -> None:
        self._own: dict[str, Provider] = {}

    def add(self, provider: Provider) -> None:
        self._own[provider.name] = provider

    def __getitem__(self, name: str) -> Provider:
        if name in self._own:
            return self._own[name]
        if name in provider_names():
            return shipped_provider(name)
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return name in self._own or name in provider_names()

    def __iter__(self) -> Iterator[str]:
        yield from provider_names()
        yield from (name for name in self._own if name not in provider_names())

    def __len__(self) -> int:
        return sum(1 for _ in self)


def providers() -> Providers:
    """The shipped providers."""
    return Providers()


@cache
def plugin_texts() -> tuple[Section, ...]:
    """The YAML that installed plugins bring: a mapping with `providers` and, if need be, `spellings` and `profiles`.

    Raises `ConfigError` naming the plugin whose entry point cannot be loaded.
    """
    from importlib.metadata import entry_points

    found: list[Section] = []
    for plugin in entry_points(group=PROVIDER_ENTRY_POINTS):
        try:
            text = plugin.load()
            text = text() if callable(text) else text
        except Exception as error:
            raise ConfigError(f"the providers of plugin {plugin.value} cannot be loaded: {error}") from error
        found.append(read_yaml(str(text), f"plugin {plugin.value}"))
    return tuple(found)


def cards(file: str) -> tuple[ModelCard, ...]:
    """The cards of `models/FILE.yaml`, in its order. Raises `ConfigError` when there is no such file."""
    return _card_file(file).cards


def card_named(provider: Provider, model: str, *, any_case: bool = False) -> ModelCard | None:
    """The card that names `model` at this provider, the first that does; None when there is none."""
    for file in provider.models:
        if (card := _examples(file).get(model)) is not None:
            return card
        listed = _card_file(file)
        for card, begins in zip(listed.cards, listed.begins, strict=True):
            if (any_case or model.startswith(begins)) and fits(card.match, model, any_case=any_case):
                return card
    return None


@cache
def _card_file(file: str) -> CardFile:
    try:
        return read_packaged(f"models/{file}.yaml", CardFile, lambda root: read_cards(root, spellings()))
    except OSError:
        raise ConfigError(f"no model cards are called {file!r}", hint="look at `models` of your provider") from None


@cache
def _examples(file: str) -> Mapping[str, ModelCard]:
    """The cards by their examples, of which none fits a card that stands before its own."""
    return {card.example: card for card in cards(file)}


@cache
def reference() -> Reference:
    """The shipped reference table."""
    return read_reference(packaged("reference.yaml"), None)


def read_reference(section: Section, base: Reference | None) -> Reference:
    """A reference table; levels that it does not name keep the numbers of `base`."""
    section.only(("budgets", "answer_tokens"))
    budgets = dict(base.budgets) if base else {}
    if listed := section.section("budgets"):
        listed.only([level.value for level in Level if level not in (Level.OFF, Level.MAX)])
        for level in listed:
            if (tokens := listed.whole(level, least=1)) is not None:
                budgets[level] = tokens
        ordered = [budgets[level.value] for level in Level if level.value in budgets]
        if ordered != sorted(ordered):
            raise section.bad("budgets", "a higher level must not have a smaller budget")
    answer = section.whole("answer_tokens", least=1)
    return Reference(budgets, answer if answer is not None else (base.answer_tokens if base else 4096))


def read_spelling(name: str, section: Section) -> Spelling:
    section.only(_SPELLING_KEYS)
    return Spelling(
        name=name,
        visible=section.mapping("visible"),
        level=section.mapping("level"),
        budget=section.mapping("budget"),
        on=section.mapping("on"),
        off=section.mapping("off"),
        words={key: str(word) for key, word in section.mapping("words").items()},
        owns=section.texts("owns"),
        optional=section.texts("optional"),
        levels=read_levels(section),
        off_note=section.text("off_note"),
    )


def read_provider(name: str, section: Section, known_spellings: Mapping[str, Spelling] | None = None) -> Provider:
    section.only(_PROVIDER_KEYS)
    uses: dict[str, DialectUse] = {}
    listed = _required(section, "dialects")
    for spoken in listed:
        check_dialect(listed, spoken, spoken)
        use = _required(listed, spoken)
        use.only(("quirks", "body", "refuses_levels", "base_url", "auth_header", "auth_scheme"))
        if quirks := use.section("quirks"):
            quirks.only(sorted(registry.quirks_of(spoken)))
        uses[spoken] = DialectUse(
            quirks=use.mapping("quirks"),
            body=use.mapping("body"),
            refuses_levels=use.texts("refuses_levels"),
            base_url=read_base_url(use, placeholders=True),
            auth_header=use.text("auth_header"),
            auth_scheme=use.text("auth_scheme"),
        )
    first = section.choice("dialect", uses) or next(iter(uses), None)
    if first is None:
        raise section.bad("dialects", "names no dialect")
    stand_in = _required(section, "unknown_model")
    check_pattern(stand_in)
    return Provider(
        name=name,
        dialect=first,
        dialects=uses,
        unknown_model=read_card(
            stand_in, None, known=False, known_spellings=spellings() if known_spellings is None else known_spellings
        ),
        base_url=read_base_url(section, placeholders=True),
        api_key_env=read_variables(section),
        key_url=section.text("key_url"),
        auth_header=(section.text("auth_header") or "authorization").lower(),
        auth_scheme="Bearer " if (scheme := section.text("auth_scheme")) is None else scheme,
        headers=read_headers(section),
        models=section.texts("models"),
        prices=section.text("prices"),
        unpriced=section.text("unpriced"),
        sources=section.texts("sources"),
        endpoint=_endpoint(section.section("endpoint")),
        signing=section.text("signing"),
        catalogue=_catalogue(section.section("catalogue")),
        listing=_listing(section.section("listing")),
        speaks=_speaks(section.section("speaks")),
    )


def _catalogue(section: Section | None) -> Catalogue | None:
    if section is None:
        return None
    section.only(("style", "path", "base_url", "query", "headers", "at_origin", "keyless"))
    style = section.choice("style", CATALOGUE_STYLES)
    path = section.text("path")
    if style is None or path is None:
        raise section.bad("style", "a catalogue needs a style and a path")
    query = {key: str(value) for key, value in section.mapping("query").items()}
    return Catalogue(
        style=style,
        path=path,
        base_url=read_base_url(section, placeholders=True),
        query=query,
        headers=read_headers(section),
        at_origin=section.flag("at_origin") or False,
        keyless=section.flag("keyless") or False,
    )


def _listing(section: Section | None) -> Listing | None:
    if section is None:
        return None
    section.only(("path", "key_path", "query", "complete"))
    path = section.text("path")
    if path is None:
        raise section.bad("path", "a listing needs a path")
    query = {key: str(value) for key, value in section.mapping("query").items()}
    return Listing(path, section.text("key_path"), query, section.flag("complete") is not False)


def _speaks(section: Section | None) -> Mapping[str, VendorWords]:
    found: dict[str, VendorWords] = {}
    for vendor in section or ():
        words = _required(section, vendor) if section else None
        if words is None:
            continue
        refuses = {key: str(path) for key, path in words.mapping("refuses").items()}
        spoken: dict[str, Mapping[str, str]] = {}
        for name in words:
            if name == "refuses":
                continue
            check_dialect(words, name, name)
            spelled = _required(words, name)
            spelled.only(("effort", "budget", "switch"))
            spoken[name] = {control: spelling for control in spelled if (spelling := spelled.text(control))}
        found[vendor] = VendorWords(spoken, refuses)
    return found


def _endpoint(section: Section | None) -> Mapping[str, EndpointPart]:
    if section is None:
        return {}
    parts: dict[str, EndpointPart] = {}
    for name in section:
        part = _required(section, name)
        part.only(("env", "default", "of", "values"))
        values = {key: str(value) for key, value in part.mapping("values").items()}
        parts[name] = EndpointPart(part.texts("env"), part.text("default"), part.text("of"), values)
    return parts


def read_headers(section: Section) -> Mapping[str, str]:
    """Request headers. Control characters are refused: a header must not smuggle in another."""
    listed = section.section("headers")
    headers: dict[str, str] = {}
    for name in listed or ():
        value = listed.text(name) if listed else None
        if value is None or not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", name):
            raise section.bad("headers", f"{name!r} is not a header with a value")
        if re.search(r"[\x00-\x08\x0a-\x1f\x7f]", value) or not value.isascii():
            raise section.bad("headers", f"{name!r} holds a character that a header cannot carry")
        headers[name] = value
    return headers


_VARIABLE = r"[A-Za-z_][A-Za-z0-9_]*"


def read_variables(section: Section) -> tuple[str, ...]:
    """`api_key_env`: names of environment variables. What is no name may be a key, and is not repeated."""
    names = section.texts("api_key_env")
    if not all(re.fullmatch(_VARIABLE, name) for name in names):
        problem = "is no name of an environment variable"
        raise section.bad("api_key_env", problem, "export the key in a variable, and put that variable's name here")
    return names


def read_endpoint(section: Section) -> Mapping[str, str] | None:
    """Parts of a base URL: nothing but letters, digits, dots, dashes and underscores, so that none leads elsewhere."""
    parts = {name: str(value) for name, value in section.mapping("endpoint").items()}
    for name, value in parts.items():
        if not re.fullmatch(ENDPOINT_VALUE, value):
            raise section.bad("endpoint", f"{name}: {value!r} cannot be part of a URL")
    return parts or None


def read_base_url(section: Section, *, placeholders: bool = False) -> str | None:
    """An http(s) URL without a trailing slash, query, fragment or user name; `{name}` only with `placeholders`."""
    url = section.text("base_url")
    if url is None:
        return None
    if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", url) or ("{" in url and not placeholders):
        hint = "for instance https://host/v1, without user name, query or fragment; keys go into api_key_env"
        shown = re.sub(r"//[^/?#]*@", "//…@", re.sub(r"[?#].+", lambda found: f"{found[0][0]}…", url, flags=re.DOTALL))
        raise section.bad("base_url", f"{shown!r} is not a plain http(s) URL", hint)
    return url.rstrip("/")


def _required(section: Section, key: str) -> Section:
    found = section.section(key)
    if found is None and key in section:
        raise section.bad(key, "is empty; write {} for nothing to say")
    if found is None:
        raise ConfigError(f"{section.place}: {section.path}{key} is missing")
    return found


def read_dialect(section: Section) -> str | None:
    """The wire format that a profile names. Raises `ConfigError` for one that nobody speaks."""
    name = section.text("dialect")
    if name is not None:
        check_dialect(section, "dialect", name)
    return name


def read_limits(section: Section | None) -> CallLimits | None:
    """What a profile may do at once."""
    if section is None:
        return None
    section.only(CallLimits.__struct_fields__)
    most = section.whole("concurrency", least=1, most=10_000)
    return CallLimits(most, section.whole("rpm", least=1), section.whole("tpm", least=1))
