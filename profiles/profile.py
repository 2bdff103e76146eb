"""A user's named preset, as the layers of configuration left it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from msgspec import Struct, field

from ..providers.errors import ConfigError
from ..providers.think import Level, Think
from .card import ModelCard, Spelling
from .state.context import NO_POLICY, ContextPolicy

_LONGEST_BUDGET = 10
_BEYOND = 10 ** (_LONGEST_BUDGET - 1)
"""More than any budget that has fewer digits than so many."""


class LongPrompt(Struct, frozen=True):
    """What every token of a request costs, in USD per million, when its input is more than `above_tokens`.

    What has no price here costs as much as `input` here, reasoning as much as `output`.
    """

    above_tokens: int
    input: Decimal
    output: Decimal
    cached_input: Decimal | None = None
    cache_write: Decimal | None = None
    cache_write_1h: Decimal | None = None
    reasoning: Decimal | None = None


class Price(Struct, frozen=True):
    """USD per million tokens. Cached input and cache writes cost as much as input where they have no price.

    `cache_write_1h` is for what is kept for longer than the usual minutes, and else costs as much as `cache_write`;
    `reasoning` else as much as `output`. `batch` is what a batch costs: a factor, or prices.
    """

    input: Decimal
    output: Decimal
    cached_input: Decimal | None = None
    cache_write: Decimal | None = None
    cache_write_1h: Decimal | None = None
    reasoning: Decimal | None = None
    batch: Decimal | Price | None = None
    long_prompt: LongPrompt | None = None


class CallLimits(Struct, frozen=True):
    """What one profile may do at once: requests in flight, requests and tokens per minute."""

    concurrency: int | None = None
    rpm: int | None = None
    tpm: int | None = None


class Profile(Struct, frozen=True):
    """Provider, model and defaults. Times in seconds: `timeout` without an event, `total_timeout` for all of it.

    `endpoint` fills placeholders of the provider's base URL, such as a region. `cache` says whether prompt caches
    are asked for, None from the second turn of a session on, and `context` how long
    sessions may grow. `known_as` is the model whose card and
    price describe a deployment that has a name of its own. `card` and `spelling` are what the profile itself says of
    its model's thinking, and `quirks` of its server; they go before everything that is shipped. Never holds a key,
    only where to find one. `place` is the file and line that defined it. `blocked` says why it may not be used: a
    project file that nobody vouched for decides where the prompt and a key would go. `simulated` is the mark of the
    simulator that is called; it is believed only where the address proves it. `expect` is what its answers are
    checked by, where neither a row nor an option says it. `schema` is what they have to fit, as it is written:
    JSON Schema, the short form of one, or the word `json`. `server_tools` are tools that the provider runs itself,
    `tools` what the model may call, as they are written, and `tool_choice` whether it has to.
    """

    name: str
    provider: str
    model: str
    place: str = ""
    think: Think | None = None
    dialect: str | None = None
    base_url: str | None = None
    stream: bool | None = None
    max_output_tokens: int | None = None
    timeout: float | None = None
    total_timeout: float | None = None
    retries: int | None = None
    api_key_env: tuple[str, ...] = ()
    api_key_command: tuple[str, ...] = ()
    allow_insecure: bool = False
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])
    price: Price | None = None
    limits: CallLimits = field(default_factory=CallLimits)
    system: str | None = None
    emulate: bool = False
    cache: bool | None = None
    context: ContextPolicy = NO_POLICY
    endpoint: Mapping[str, str] = field(default_factory=dict[str, str])
    known_as: str | None = None
    quirks: Mapping[str, Any] = field(default_factory=dict[str, Any])
    card: ModelCard | None = None
    spelling: Spelling | None = None
    blocked: ConfigError | None = None
    simulated: str | None = None
    expect: Mapping[str, Any] | None = None
    schema: Mapping[str, Any] | str | None = None
    server_tools: tuple[str, ...] = ()
    tools: tuple[Any, ...] | None = None
    tool_choice: str | None = None


class Defaults(Struct, frozen=True):
    """What holds when neither a profile nor an option says otherwise."""

    profiles: tuple[str, ...] = ()
    think: Think | None = None
    retries: int = 2
    timeout: float = 600.0
    total_timeout: float = 3600.0
    stream: bool = True
    max_output_tokens: int | None = None


class Reference(Struct, frozen=True):
    """How levels and budgets stand for each other, in tokens. `answer_tokens` is kept free beside a budget."""

    budgets: Mapping[str, int]
    answer_tokens: int

    def position(self, think: str) -> int | None:
        """Where a think value stands on the dial, in tokens; None for what is no value of it.

        `max` is above all budgets; `auto`, which is no amount, comes after it.
        """
        word = think.strip().lower()
        if word.isascii() and word.isdigit() and len(word) < _LONGEST_BUDGET:
            return int(word)
        return self._positions().get(word)

    def _positions(self) -> dict[str, int]:
        """Of the words, each above the one before it also where the table gives both the same budget."""
        rising = (*(self.budgets.get(level, 0) for level in Level if level is not Level.MAX), _BEYOND, 10 * _BEYOND)
        places, least = dict[str, int](), 0
        for word, tokens in zip((*Level, "auto"), rising, strict=True):
            places[word] = max(tokens, least)
            least = places[word] + 1
        return places


MANY = 200
"""Profiles of one file. Fewer are read at once."""

ReadOver = Callable[[Profile | None], Profile]
"""Reads a profile over the one that a layer below has under its name."""


class Profiles(Mapping[str, Profile]):
    """The profiles of all layers. What was put off may raise `ConfigError` when it is asked for."""

    def __init__(self) -> None:
        self._known: dict[str, Profile | None] = {}
        self._waiting: dict[str, list[ReadOver]] = {}

    def add(self, name: str, read: ReadOver, *, may_wait: bool = False) -> None:
        """Lay a profile over what has its name. Raises `ConfigError`, unless it may wait."""
        if may_wait:
            self._known.setdefault(name, None)
            self._waiting.setdefault(name, []).append(read)
        else:
            self._known[name] = read(self.get(name))

    def __getitem__(self, name: str) -> Profile:
        profile = self._known[name]
        if name in self._waiting:
            for read in self._waiting[name]:
                profile = read(profile)
            self._known[name] = profile
            del self._waiting[name]
        if profile is None:
            raise KeyError(name)
        return profile

    def __contains__(self, name: object) -> bool:
        return name in self._known

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)
