"""What is wished for files beside where they are from: their size, their detail, and what may be done to them."""

from __future__ import annotations

from typing import Literal, TypedDict

from msgspec import Struct

from ...providers.errors import UsageError

Detail = Literal["low", "high", "auto"]
DETAILS: tuple[Detail, ...] = ("low", "high", "auto")


class FileWishes(Struct, frozen=True):
    """`convert`: a model that does not take a file gets what can be made of it. `as_is`: large images stay large.

    `detail` is how closely images and pages are looked at, where the API has a word for it. `upload`: files go through
    the upload endpoint of a provider that has one, also where they would fit into the request.
    """

    convert: bool = False
    as_is: bool = False
    detail: Detail = "high"
    upload: bool = False


AS_USUAL = FileWishes()


class FileOptions(TypedDict, total=False):
    """What may be said of files that go along.

    `convert`: a model that does not take a file gets what can be made of it. `as_is`: images are not brought to 2,000
    pixels a side. `detail` is how closely images are looked at: `low`, `high` (if nothing is said) or `auto`. `upload`:
    files go through the upload endpoint of a provider that has one.
    """

    convert: bool
    as_is: bool
    detail: Literal["low", "high", "auto"]
    upload: bool


def checked_detail(value: str) -> Detail:
    """`value`. Raises `UsageError` for one that is no detail."""
    for known in DETAILS:
        if value == known:
            return known
    raise UsageError(f"detail is one of {', '.join(DETAILS)}, not {value!r}")


def wishes_of(options: FileOptions) -> FileWishes:
    """What is wished for files. Raises `UsageError` for an unknown detail."""
    detail = checked_detail(options.get("detail", "high"))
    return FileWishes(options.get("convert", False), options.get("as_is", False), detail, options.get("upload", False))
