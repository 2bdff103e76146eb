"""Who is called and how: one provider, as data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from .card import ModelCard


class EndpointPart(Struct, frozen=True):
    """A `{placeholder}` of a base URL: from the profile's `endpoint`, else a variable, else a default.

    With `of` it follows from another part: `values` by that part's value, `default` for all other values.
    """

    env: tuple[str, ...] = ()
    default: str | None = None
    of: str | None = None
    values: Mapping[str, str] = field(default_factory=dict[str, str])


class DialectUse(Struct, frozen=True):
    """How a provider speaks one dialect.

    `quirks` go to the dialect, `body` are fields that every request carries, `refuses_levels` are levels that this
    route refuses on every model although the model has them. `base_url`, `auth_header` and `auth_scheme` stand here
    where this route has others than the provider.
    """

    quirks: Mapping[str, Any] = field(default_factory=dict[str, Any])
    body: Mapping[str, Any] = field(default_factory=dict[str, Any])
    refuses_levels: tuple[str, ...] = ()
    base_url: str | None = None
    auth_header: str | None = None
    auth_scheme: str | None = None


class Catalogue(Struct, frozen=True):
    """Where a provider publishes its models: a path below `base_url` (its own, or the provider's), and the style in
    which to read it (`providers/catalogue.py`). `at_origin`: the path stands at the root of the host. `keyless`:
    anybody may read it."""

    style: str
    path: str
    base_url: str | None = None
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    at_origin: bool = False
    keyless: bool = False


class Listing(Struct, frozen=True):
    """What can be asked of a provider without a prompt: paths below the base URL that a GET answers.

    `path` lists the models, all of those that can be called if `complete`. `key_path` answers only to a key that is
    good, for providers that show their list to anybody.
    """

    path: str
    key_path: str | None = None
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    complete: bool = True


class VendorWords(Struct, frozen=True):
    """How a host steers one vendor's models: on each dialect the spelling for each control, the usual dialect first.

    `refuses` are further paths that mean the same as one of the vendor's that its models refuse.
    """

    dialects: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    refuses: Mapping[str, str] = field(default_factory=dict[str, str])


class Provider(Struct, frozen=True):
    """A provider's base URL, credentials, dialects and the card that stands for its unknown models.

    `dialect` is the one that is spoken unless a profile chooses another. `models` names the card files
    (`models-NAME.yaml`), `prices` the provider's id in the price table, `unpriced` why nothing has a price. The key
    goes into the header `auth_header` behind `auth_scheme`. `endpoint` fills the placeholders of the base URL.
    `signing` names the AWS service whose requests are signed when there is no key. `listing` stands where there is no
    `catalogue`, or says more than it.
    `speaks` says how the models of a vendor that have no card here are steered: the vendor -> dialect -> control ->
    spelling. A vendor without an entry is steered in the words of `unknown_model`, unless `*` says that it is not.
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
    unpriced: str | None = None
    sources: tuple[str, ...] = ()
    endpoint: Mapping[str, EndpointPart] = field(default_factory=dict[str, EndpointPart])
    signing: str | None = None
    catalogue: Catalogue | None = None
    listing: Listing | None = None
    speaks: Mapping[str, VendorWords] = field(default_factory=dict[str, "VendorWords"])
