"""The input of a batch: opened, recognised when it comes again, and measured while it is read."""

from __future__ import annotations

import os
import stat
from collections.abc import Generator, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ....profiles.disk import real_path
from ....providers.errors import UsageError, did_you_mean
from ...attachments.encodings import ENOUGH_BYTES, Utf8Stream, encoding_of
from ...checks.terms import ExpectTerms
from ...results.forms import form_of
from ..storage.address import is_address
from .digests import digest_of
from .entries import KEY_BYTES, Form, bounded_lines, guess_form
from .rows import BadRow, Row, RowDefaults, read_rows
from .stored import Stored, stored_input

if TYPE_CHECKING:
    from ....profiles.config import Config
    from ..options import BatchOptions, Source
    from ..shards.shard import Shard

FORMS = ("jsonl", "csv", "tsv", "lines")
ENOUGH_TO_GUESS = 4096
READ_BYTES = 256 * 1024


class OpenSource:
    """An input that is open. What is no regular file `is_live`: a row may be waited for, and its answer too.

    The `lines` are the caller's own, or those of `file`, in UTF-8 whatever that is written in.
    """

    def __init__(
        self, lines: Iterable[bytes] | None, file: BufferedReader | None = None, stored: Stored | None = None
    ) -> None:
        """`stored` says what a file that is no plain one of this machine is."""
        self._lines, self._file, self._read, self._stored = lines, file, 0, stored
        self._as_utf8: BufferedReader | None = None
        self._status = None if file is None or stored is not None else os.fstat(file.fileno())
        self.is_live = stored is None and (self._status is None or not stat.S_ISREG(self._status.st_mode))
        self.form: Form | None = None if stored is None else stored.form

    def beginning(self) -> bytes:
        """What comes first, as far as it can be seen without reading it; of a pipe it is waited for."""
        return b"" if self._file is None else self._text(self._file).peek(ENOUGH_TO_GUESS)[:ENOUGH_TO_GUESS]

    def lines(self) -> Iterator[bytes]:
        """The lines, once."""
        lines = self._lines
        if lines is None:
            lines = () if self._file is None else bounded_lines(self._text(self._file))
        if self._stored is not None:
            lines = self._stored.guarded(lines)
        for line in lines:
            self._read += len(line)
            yield line

    def share(self) -> float | None:
        """The share of it that has been read, above 0 and up to 1; None where it is not known, as of a pipe."""
        if self._stored is not None:
            return self._stored.share()
        if self._status is None or self.is_live or not self._status.st_size or not self._read:
            return None
        read = self._read if self._as_utf8 is self._file or self._file is None else self._file.tell()
        return min(1.0, read / self._status.st_size)

    def _text(self, file: BufferedReader) -> BufferedReader:
        if self._as_utf8 is None:
            encoding = encoding_of(file.peek(ENOUGH_BYTES))
            self._as_utf8 = file if encoding == "utf-8-sig" else BufferedReader(Utf8Stream(file, encoding))
        return self._as_utf8

    def is_file(self, path: Path) -> bool:
        """Whether it is the very file that is called `path`."""
        status = self._status if self._stored is None else self._stored.status
        return status is not None and path.is_file() and os.path.samestat(path.stat(), status)


@contextmanager
def open_source(source: Source) -> Generator[OpenSource]:
    """`source`, open. Raises `UsageError` when it cannot be read."""
    if not isinstance(source, str | Path | int):
        yield OpenSource(source)
        return
    with ExitStack() as stack:
        if (stored := stored_input(source)) is not None:
            stack.callback(stored.close)
            yield OpenSource(stored.lines, stored.file, stored)
            return
        file = _opened(source)
        made = OpenSource(None, file)
        if not made.is_live:  # a stream stays open: the thread that reads it may wait in it when all is over
            stack.enter_context(file)
        yield made


class Census:
    """What an input holds in all, of whose rows a shard takes some: how many, and a sum that no order changes."""

    def __init__(self) -> None:
        self.rows = self.bad_rows = 0
        self._sum = 0

    @property
    def fingerprint(self) -> str:
        return self._sum.to_bytes(KEY_BYTES, "big").hex()

    def add(self, row: Row | BadRow) -> None:
        self.rows += isinstance(row, Row)
        self.bad_rows += isinstance(row, BadRow)
        self._sum = (self._sum + int.from_bytes(row.key, "big")) % (1 << 8 * KEY_BYTES)


def rows_of(
    source: OpenSource, options: BatchOptions, config: Config, census: Census | None = None
) -> Iterator[Row | BadRow]:
    """The rows of an open input, of a shard its own; all of them are counted in `census`.

    Raises `UsageError` where the options contradict each other.
    """
    terms = ExpectTerms(config.checks, options.folder, options.allow_files, not options.is_local, options.files)
    expect = None
    if options.expect is not None:
        expect = replace(terms, folder=Path(), anywhere=True).checked(options.expect)
    has_checks = any(profile.expect is not None for profile in config.profiles.values())
    usual = RowDefaults(expect, options.escalate, has_checks)
    template = None
    if options.template is not None:
        from .templates import template_of

        template = template_of(options.template, dict(options.variables))
    elif options.variables:
        raise UsageError("--var gives fields to a template, and there is none", hint="add --template")
    given = options.input_form
    if given is not None and given not in FORMS:
        raise UsageError(f"--input-format {given}: rows are {', '.join(FORMS)}{did_you_mean(given, FORMS)}")
    form = source.form or _form(given) or guess_form(options.source_name, source.beginning())
    is_tsv = given == "tsv" or (given is None and form_of(options.source_name, ("tsv",)) is not None)
    rows = read_rows(
        source.lines(),
        form,
        template=template,
        delimiter="\t" if is_tsv else None,
        terms=terms,
        usual=usual,
        keyed=options.shard is not None,
    )
    return rows if options.shard is None else _taken(rows, options.shard, census or Census())


def _taken(rows: Iterator[Row | BadRow], shard: Shard, census: Census) -> Iterator[Row | BadRow]:
    for row in rows:
        census.add(row)
        if shard.takes(row.key):
            yield row


def batch_id_of(options: BatchOptions) -> str:
    """What a batch is recognised by when it comes again: where its rows come from, and its template.

    Of a shard the folder does not matter: its siblings may run where the same file lies elsewhere.
    """
    path = Path(options.source_name)
    name = options.source_name
    place = str(real_path(path)) if name != "-" and path.is_file() else name if is_address(name) else "-"
    if options.shard is not None:
        place = f"shards of {path.name}"
    variables = (f"{name}={value}" for name, value in options.variables)
    return digest_of(place, options.template or "", *variables).hex()[:16]


def _form(given: str | None) -> Form | None:
    match given:
        case "csv" | "tsv":
            return "csv"
        case "jsonl" | "lines":
            return given
        case _:
            return None


def _opened(source: str | Path | int) -> BufferedReader:
    try:
        if isinstance(source, int):
            return open(os.dup(source), "rb")  # noqa: PTH123 whoever gave it may close it
        path = Path(source)
        if path.is_dir():
            raise UsageError(f"{source} is a directory", hint="the rows are read from a file, or from -")
        return BufferedReader(path.open("rb", buffering=0), READ_BYTES)
    except (OSError, ValueError) as error:
        words = getattr(error, "strerror", None) or str(error)
        name = "standard input" if isinstance(source, int) else source
        raise UsageError(f"{name} cannot be read: {words}") from None
