"""What the caller of a batch says: whence the rows, whither the results, and all between."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from msgspec import Struct

from ...providers.errors import UsageError
from ...providers.think import Think
from ..attachments.wishes import AS_USUAL, FileWishes
from ..checks.gates import Gate
from ..checks.terms import Expected
from ..planning.option_names import COMMAND_LINE, OptionNames, within
from ..runs.jobs import Options
from ..runs.money import CostOptions
from .shards.shard import Shard, named_for, shard_of
from .storage.address import Address, is_address, place_of, without_secret

Source = str | Path | int | Iterable[bytes]
"""Where rows come from: a file, an address of an object store, a descriptor such as that of standard input, or lines
that a program makes."""

Target = Path | Address | int | Callable[[bytes], None]
"""Where results go: a file that remembers them, or parts in a folder or an object store, a descriptor such as that of
standard output, or what takes lines."""


class Workers(Struct, frozen=True):
    """Who makes the calls: `count` processes here, or workers `on_cluster`, which is the Ray cluster of `RAY_ADDRESS`.

    `count` None: one for each CPU. On a cluster `sends_keys` has keys go with the calls, sealed, where nobody can read
    them on the way.
    """

    count: int | None = None
    on_cluster: bool = False
    sends_keys: bool = False

    @property
    def most_at_once(self) -> int:
        """Calls under way for one profile, where nothing else limits them: for each what one process may have."""
        return 256 * (self.count or 8)


def workers_said(value: int | Workers | None) -> Workers | None:
    """The workers that a program asks for: so many processes of this machine, or as said. Raises `UsageError`."""
    if not isinstance(value, Workers):
        count = within("workers", value, 1)
        return None if count is None else Workers(count)
    within("workers.count", value.count, 1)
    if value.sends_keys and not value.on_cluster:
        raise UsageError("sends_keys is for workers on_cluster: processes of this machine have its keys")
    return value


class BatchOptions(Struct, frozen=True):
    """The options of one batch; None leaves it to the rows, the profiles and the configured defaults.

    `variables` are fields for the template beside the row's. `input_form` and `output_form` are guessed where they are
    None. `expect` is for rows that expect nothing, `allow_files` lets rows name files outside of their folder, and
    `is_local` says whether the calls are made by this process. `config_file` is the one that was named beside the usual
    ones: another process reads it again. `names` are what the caller's options are called. `files` is wished for files
    that rows attach. `workers` make the calls; None: this process does.
    Of a `shard` only its rows are run.
    An output of parts has `part_rows` results in each, or those of `part_s` seconds.
    """

    source: Source
    target: Target | None
    profiles: tuple[str, ...] = ()
    calls: Options = Options()
    cost: CostOptions = CostOptions()
    system: str | None = None
    template: str | None = None
    variables: tuple[tuple[str, str], ...] = ()
    input_form: str | None = None
    output_form: str | None = None
    concurrency: int | None = None
    retry_failed: bool = False
    ordered: bool = False
    window: int = 10_000
    keeps_history: bool = True
    config_file: Path | None = None
    names: OptionNames = COMMAND_LINE
    expect: Expected | None = None
    allow_files: bool = False
    is_local: bool = True
    gate: Gate | None = None
    escalate: tuple[Think, ...] = ()
    files: FileWishes = AS_USUAL
    workers: Workers | None = None
    shard: Shard | None = None
    part_rows: int = 1000
    part_s: float = 60.0

    @property
    def folder(self) -> Path | None:
        """The folder that rows lie in; None for those of a pipe or a program."""
        name = self.source_name
        return None if name == "-" or is_address(name) else Path(name).parent

    @property
    def is_remote(self) -> bool:
        """Whether rows or results lie in an object store, which answers when it likes."""
        return isinstance(self.target, Address) or is_address(self.source_name)

    @property
    def source_name(self) -> str:
        """The file of the rows, or `-` for what has no name."""
        return str(self.source) if isinstance(self.source, str | Path) else "-"

    @property
    def source_words(self) -> str:
        """Where the rows come from, for people."""
        if isinstance(self.source, str | Path):
            return without_secret(str(self.source))
        return "standard input" if isinstance(self.source, int) else "a program"

    @property
    def output(self) -> Path | None:
        """The file or directory of the results, if they go to one."""
        return self.target if isinstance(self.target, Path) else None

    @property
    def output_name(self) -> str | None:
        """What the output is called, if it has a name and remembers."""
        return str(self.target) if isinstance(self.target, Path | Address) else None

    @property
    def asked(self) -> str:
        """What the history says of the batch: its template, else where its rows come from."""
        return self.template or f"the rows of {self.source_words}"


def placed(
    output: str | Path | None, shard: str | None, option: str = "--shard"
) -> tuple[Path | Address | None, Shard | None]:
    """Where results go, and which shard is run, by the words for both. Raises `UsageError`."""
    found = None if shard is None else shard_of(shard, os.environ, option)
    return (None if output is None else place_of(named_for(str(output), found))), found
