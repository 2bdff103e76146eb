"""Which rows of an input a shard takes: by what a row is called or holds, never by where it stands. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from ....providers.errors import UsageError

if TYPE_CHECKING:
    from ....profiles.arrays.schedulers import Scheduler

MOST_SHARDS = 100_000
PLACE = "{shard}"
_SAID = re.compile(r"(\d{1,9}|auto)(?:/(\d{1,9}))?", re.ASCII)
_EXAMPLE = "3/16 is the third of sixteen; auto asks the scheduler"


class Shard(Struct, frozen=True):
    """Shard `number` of `of`, from 1."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    @property
    def file_word(self) -> str:
        """The same where it is part of a name: as wide for all of them, so that names sort."""
        return f"{self.number:0{len(str(self.of))}d}-of-{self.of}"

    def takes(self, key: bytes) -> bool:
        """Whether the row of this key is one of it: 8 bytes of a hash, modulo the number of shards."""
        return int.from_bytes(key, "big") % self.of == self.number - 1


def shard_of(text: str, environment: Mapping[str, str], option: str = "--shard") -> Shard:
    """What `3/16`, `auto` or `auto/16` mean. Raises `UsageError` where they mean nothing here."""
    said = _SAID.fullmatch(text.strip())
    if said is None or (said[1] != "auto" and said[2] is None):
        raise UsageError(f"{option} {text}: is no shard", hint=_EXAMPLE)
    of = None if said[2] is None else int(said[2])
    if said[1] == "auto":
        return _of_scheduler(of, environment, option)
    return _checked(int(said[1]), of or 0, f"{option} {text}")


def named_for(output: str, shard: Shard | None) -> str:
    """The name of an output with its shard for `{shard}`, as in `part-{shard}.jsonl`. Raises `UsageError`."""
    if PLACE not in output:
        return output
    if shard is None:
        raise UsageError(f"-o {output}: {PLACE} is the number of a shard, and there is none", hint="add --shard 3/16")
    return output.replace(PLACE, shard.file_word)


def _checked(number: int, of: int, said: str) -> Shard:
    if not 1 <= of <= MOST_SHARDS or not 1 <= number <= of:
        raise UsageError(f"{said}: shards are numbered from 1 to their number, at most {MOST_SHARDS:,}", hint=_EXAMPLE)
    return Shard(number, of)


def _of_scheduler(of: int | None, environment: Mapping[str, str], option: str) -> Shard:
    from ....profiles.arrays.schedulers import schedulers

    known = schedulers()
    # A variable that is there and says no number is that of a job without an array, as of Grid Engine.
    found = [one for one in known if environment.get(one.index, "").strip().isdecimal()]
    if not found:
        raise UsageError(
            f"{option} auto: no scheduler says here which task this is",
            hint=f"say it ({option} 3/16), or set one of {', '.join(one.index for one in known)}",
        )
    if len(found) > 1:
        both = " and ".join(f"{one.index} ({one.name})" for one in found)
        raise UsageError(f"{option} auto: {both} are both set", hint=f"say the shard: {option} 3/16")
    return _of_task(found[0], of, environment, option)


def _of_task(one: Scheduler, of: int | None, environment: Mapping[str, str], option: str) -> Shard:
    def number(name: str | None) -> int | None:
        value = "" if name is None else environment.get(name, "").strip()
        return int(value) if value.isdecimal() else None

    index, said = int(environment[one.index]), f"{option} auto: {one.index}={environment[one.index].strip()}"
    if of is not None:  # the numbers of the whole array, of which only some may run again
        return _checked(index - one.begins + 1, of, f"{said} of {of}")
    first, last, step, count = number(one.first), number(one.last), number(one.step) or 1, number(one.count)
    if first is None:
        first = one.begins
    spanned = None if last is None else (last - first) // step + 1
    if count is None:
        count = spanned
    if count is None:
        missing = one.count or one.last or "the number of tasks"
        raise UsageError(f"{said}, and {missing} is not told", hint=one.hint or f"say it, as in {option} auto/16")
    if (index - first) % step or (spanned is not None and spanned != count):
        raise UsageError(
            f"{said} is one of {count} tasks, whose numbers are in no even steps",
            hint=f"say how many shards there are in all, numbered from {one.begins}: {option} auto/16",
        )
    return _checked((index - first) // step + 1, count, f"{said} of {count}")
