"""What one route takes of files, as data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct, field

InputKind = Literal["image", "pdf", "audio", "document", "video"]
"""What a file is to a provider. `document` is one of an office program; text goes as text, everywhere."""


class InputRule(Struct, frozen=True):
    """How one route, or one model on it, takes files; every key is a kind.

    `takes` says whether it takes the kind; a kind that is not there is one that nobody has said it of. `types` are the
    media types that it takes, all where there are none. `why` are words about a kind that is refused. `forms` are parts
    of a message with names behind a `$` where values go, `remote` the same for addresses that the provider fetches
    itself. `asks` are fields of the body that go with the kind.

    `most` are limits that are refused beyond, `doubtful` such as are only told: the sources disagree, or there is but a
    weak one. Keys: `images`, `documents` (files of all other kinds), `image_bytes`, `image_base64_bytes`, `image_side`
    (pixels), `pdf_bytes`, `pdf_pages`, `document_bytes`, `total_bytes`, `body_bytes`.

    `tokens` is the rule by which a file of the kind counts, by its name; a kind without one has no known count.
    `details` are the wire's words for `low`, `high` and `auto`, null where the field is left out for it; `tokens_low`
    are the rules for `low`. Without `$detail` in its form, a kind counts as it always does.
    `needs_text`: a file alone is refused. `sources` are where all of this is from.
    """

    takes: Mapping[str, bool] = field(default_factory=dict[str, bool])
    types: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    why: Mapping[str, str] = field(default_factory=dict[str, str])
    forms: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    remote: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    asks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    most: Mapping[str, int] = field(default_factory=dict[str, int])
    doubtful: Mapping[str, int] = field(default_factory=dict[str, int])
    tokens: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    tokens_low: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    details: Mapping[str, str | None] = field(default_factory=dict[str, "str | None"])
    sources: tuple[str, ...] = ()
