"""What may be expected where: which checks there are to name, and which files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct, field

from ...profiles.checks.files import OutsideError, file_below
from ...profiles.disk import read_bounded
from ...providers.errors import UsageError, did_you_mean
from ...providers.json_values import parse_json
from ...providers.schema import Json
from .expectation import NAMED, check_expectation, named_part

if TYPE_CHECKING:
    from ...profiles.checks.definitions import CheckDefinition
    from ..attachments.wishes import FileWishes

Expected = Mapping[str, Any] | str | float
"""What an answer has to be: the exact text, its number, or kinds of checks with their values."""

MOST_SCHEMA_BYTES = 2**20


class ExpectTerms(Struct, frozen=True):
    """The `checks` that the configuration defines, and the folder below which files lie that may be named.

    Without a folder no file may be named, unless files from `anywhere` may. `files` is what is wished for those that
    rows attach. `only_text`: where nothing but the text of an answer is looked at.
    """

    checks: Mapping[str, CheckDefinition] = field(default_factory=dict[str, "CheckDefinition"])
    folder: Path | None = None
    anywhere: bool = False
    only_text: bool = False
    files: FileWishes | None = None
    _schemas: dict[str, Json | bool] = field(default_factory=dict[str, "Json | bool"])

    def checked(self, value: Any) -> Json:
        """The expectation, spelled out: plain text is the exact answer, a number the number. Raises `UsageError`."""
        if isinstance(value, bool) or not isinstance(value, str | int | float | Mapping):
            raise UsageError('expect must be text, a number, or an object such as {"contains": ...}')
        if isinstance(value, Mapping):
            expect: dict[str, Any] = dict(cast("Mapping[str, Any]", value))
        else:
            expect = {"exact" if isinstance(value, str) else "number": value}
        if isinstance(named := expect.get("schema"), str):
            expect["schema"] = self._schema(named)
        check_expectation(expect)
        for kind, name in named_part(expect):
            self._check_name(kind, name)
        return expect

    def _check_name(self, kind: str, name: str | float) -> None:
        if self.only_text:
            raise UsageError(
                f"expect.{kind} is judged only where the calls are made by this process",
                hint="leave out --via",
            )
        if kind == "agree" and isinstance(name, int | float) and not isinstance(name, bool):
            if not 0 < name <= 1:
                raise UsageError("expect.agree must be a share above 0, and at most 1")
            return
        if not isinstance(name, str):
            raise UsageError(f"expect.{kind} names {NAMED[kind]} in the configuration")  # pyright: ignore[reportArgumentType] it is one of them
        known = [other for other, check in self.checks.items() if check.kind == kind]
        if name not in known:
            raise UsageError(
                f"expect.{kind}: {name[:80]!r} is none of the configuration's checks{did_you_mean(name, known)}",
                hint=f"it is defined there, and named here: checks: {{{name[:40]}: {{{kind}: ...}}}}",
            )

    def _schema(self, name: str) -> Json | bool:
        if name not in self._schemas:
            self._schemas[name] = self._read(name)
        return self._schemas[name]

    def _read(self, name: str) -> Json | bool:
        path = self.path(name)
        try:
            if not _is_file(path):  # nothing waits for a pipe or a device that somebody names
                raise OSError("there is no such file")
            value = parse_json(read_bounded(path, MOST_SCHEMA_BYTES))
        except OSError as error:
            raise UsageError(f"expect.schema: {name[:300]} cannot be read: {error.strerror or error}") from None
        except ValueError as error:
            raise UsageError(f"expect.schema: {name[:300]} is not JSON: {error}") from None
        return cast("Json | bool", value)

    def path(self, name: str, what: str = "expect.schema") -> Path:
        """The file that `what` names: beside the data, or below the working directory. Raises `UsageError`.

        Unless files from anywhere may be named, it has to lie below the folder of the data, links followed.
        """
        if self.anywhere:
            beside = (self.folder or Path()) / name
            return beside if _is_file(beside) else Path(name)
        if self.folder is None:
            raise UsageError(f"{what}: rows that lie in no folder name no files", hint="--allow-files")
        here = Path(name)
        try:
            if _is_file(here) and here.resolve().is_relative_to(self.folder.resolve()):
                return here
            return file_below(self.folder, name)
        except OutsideError as error:
            raise UsageError(f"{what}: {error}; --allow-files takes files from anywhere") from None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
