"""What is joined: outputs of shards, wherever they lie, each with its manifest where it has one."""

from __future__ import annotations

import glob
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from pathlib import Path

from msgspec import Struct

from ....providers.errors import ConfigError, UsageError
from ...results.forms import form_of
from ..output.records import Record
from ..storage.address import Address, place_of
from ..storage.lines import PART_FORMS, PartForm, records_of
from ..storage.opened import StoreKeep
from ..storage.parts import NAME
from ..storage.store import LocalStore, PartStore, RemoteStore, below
from .manifest import MANIFEST, FileKeep, Keep, ShardManifest, manifest_in

_OURS = (f".{MANIFEST}", ".order", ".superseded")
_MAGIC = "*?["


class ShardOutput(Struct, frozen=True):
    """The output of one shard: a file, or a folder of parts. `files` are names in its store, in their order."""

    words: str
    store: PartStore
    files: tuple[str, ...]
    form: PartForm
    keep: Keep
    manifest: ShardManifest | None

    def records(self) -> Generator[tuple[str, Record]]:
        """Every line with the words for the file that it is in. Raises `ConfigError` for a file of something else."""
        for name in self.files:
            words = name if self.store.words == "." else f"{self.store.words}/{name}"
            with closing(self.store.open(name)) as file:
                for record in records_of(file, self.form, words):
                    yield words, record

    def lost_parts(self) -> list[str]:
        """Parts that the manifest names, and that are not there, or are of another size."""
        named = self.manifest.parts or () if self.manifest is not None else ()
        there = set(self.files)
        return [one.name for one in named if one.name not in there or self.store.size(one.name) != one.bytes]


def pieces_of(names: Iterable[str]) -> list[ShardOutput]:
    """The outputs that `names` mean: files, folders, patterns, prefixes. Raises `UsageError` where there is none."""
    found: list[ShardOutput] = []
    for name in names:
        made = list(_pieces(name))
        if not made:
            raise UsageError(f"{name}: there are no results of a batch", hint="files, folders, or s3://bucket/prefix")
        found += made
    return found


def _pieces(name: str) -> Iterator[ShardOutput]:
    place = place_of(name)
    if isinstance(place, Address):
        yield from _below_address(place)
        return
    if place.is_dir():
        yield from _in_folder(place)
    elif place.exists():
        yield _file(place)
    elif any(letter in name for letter in _MAGIC):
        for one in sorted(glob.glob(name)):  # noqa: PTH207 a pattern may begin anywhere
            if not one.endswith(_OURS):
                yield from _pieces(one)
    else:
        raise UsageError(f"{name} does not exist")


def _file(path: Path) -> ShardOutput:
    form = form_of(path, PART_FORMS)
    if form is None:
        raise UsageError(f"{path}: the end of its name tells no form", hint="FILE.jsonl, FILE.csv or FILE.parquet")
    keep = FileKeep(path)
    return ShardOutput(str(path), LocalStore(path.parent), (path.name,), form, keep, manifest_in(keep))


def _in_folder(folder: Path) -> Iterator[ShardOutput]:
    parts = _of_parts(LocalStore(folder))
    if parts is not None:
        yield parts
        return
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise ConfigError(f"{folder} cannot be read: {error.strerror}") from None
    for path in entries:
        if path.name.startswith((".", "_")) or path.name.endswith(_OURS):
            continue
        if path.is_dir():
            found = _of_parts(LocalStore(path))
            if found is not None:
                yield found
        elif form_of(path, PART_FORMS) is not None:
            yield _file(path)


def _below_address(address: Address) -> Iterator[ShardOutput]:
    parts = _of_parts(RemoteStore(address))
    if parts is not None:
        yield parts
        return
    for one in below(address):
        found = _of_parts(RemoteStore(one))
        if found is not None:
            yield found


def _of_parts(store: PartStore) -> ShardOutput | None:
    """The parts of one output; None where the folder is none."""
    keep = StoreKeep(store)
    names = [name for name in store.names() if NAME.fullmatch(name)]
    manifest = manifest_in(keep)
    if manifest is None:
        return None
    found: list[PartForm] = [form for form in PART_FORMS if any(form_of(name, (form,)) is not None for name in names)]
    if len(found) > 1:
        raise ConfigError(f"{store.words} holds parts of several forms")
    form: PartForm = found[0] if found else "jsonl"
    return ShardOutput(store.words, store, tuple(names), form, keep, manifest)
