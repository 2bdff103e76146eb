"""Who is called and how: one provider, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .card import ModelCard


@dataclass(frozen=True, slots=True)
class DialectUse:
    """How a provider speaks one dialect.

    `quirks` go to the dialect, `body` are fields that every request carries, `refuses_levels` are levels that this
    route refuses on every model although the model has them.
    """

    quirks: Mapping[str, Any] = field(default_factory=dict[str, Any])
    body: Mapping[str, Any] = field(default_factory=dict[str, Any])
    refuses_levels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider's base URL, credentials, dialects and the card that stands for its unknown models.

    `dialect` is the one that is spoken unless a profile chooses another. `models` names the card files
    (`models-NAME.yaml`), `prices` the provider's id in the price table. The key goes into the header `auth_header`
    behind `auth_scheme`.
    """

    name: str
    dialect: str
    dialects: Mapping[str, DialectUse]
    unknown_model: ModelCard
    base_url: str | None = None
    api_key_env: tuple[str, ...] = ()
    key_url: str | None = None
    auth_header: str = "authorization"
    auth_scheme: str = "Bearer "
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    models: tuple[str, ...] = ()
    prices: str | None = None
    sources: tuple[str, ...] = ()
