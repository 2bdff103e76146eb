"""An output of parts, opened: where it lies, where its journal lies, and where its manifest is kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ....profiles.disk import data_place
from ..output.works import State, Work
from ..rows.digests import digest_of
from .address import Address
from .journal import Journal
from .lines import PartForm
from .memory import Hear
from .parts import PartsOutput
from .store import LocalStore, PartStore, RemoteStore

JOURNAL = ".journal"


class StoreKeep:
    """In the folder of the parts itself, where readers of folders pass over names that begin with `_`."""

    def __init__(self, store: PartStore) -> None:
        self._store, self.words = store, store.words

    def read(self, name: str) -> bytes | None:
        return self._store.read(f"_{name}")

    def write(self, name: str, data: bytes) -> None:
        self._store.put(f"_{name}", data)


def store_at(place: Path | Address) -> PartStore:
    """The folder of parts at `place`. Raises `ConfigError`."""
    return RemoteStore(place) if isinstance(place, Address) else LocalStore(place)


def opened_parts(
    place: Path | Address,
    form: PartForm,
    batch: str,
    *,
    is_same: Callable[[Callable[[Work], State]], bool],
    hear: Hear,
    rows: int,
    seconds: float,
) -> tuple[PartsOutput, StoreKeep]:
    """The output at `place`, which knows what is done already, and what keeps its manifest. Raises `ConfigError`."""
    if form == "parquet":
        from .columns import arrow

        arrow()  # said before the first call is paid for
    store = store_at(place)
    if isinstance(store, LocalStore):
        store.make()
    journal = Journal(_journal_folder(place), store.words)
    output = PartsOutput(store, form, batch, journal, is_same=is_same, hear=hear, rows=rows, seconds=seconds)
    return output, StoreKeep(store)


def _journal_folder(place: Path | Address) -> Path:
    """Beside the parts; of an object store in this user's own data, where no other user reads it."""
    if isinstance(place, Path):
        return place / JOURNAL
    name = digest_of(place.text.rstrip("/")).hex()[:16]
    return data_place() / "parts" / name
