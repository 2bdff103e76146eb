"""Facts as they were read before: of the very file and the very modules, or read again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import asdict

from thinkdial.profiles import facts
from thinkdial.profiles.cards.retirement import listed_ends
from thinkdial.profiles.cards.vendors import vendors
from thinkdial.profiles.price_corrections import corrections
from thinkdial.profiles.sections import compiled
from thinkdial.profiles.sections.compiled import kept_or_read
from thinkdial.profiles.sections.kept import kept_directory

card_files: Any = vars(facts)["_card_file"]
KIND = dict[str, tuple[int, ...]]


class Facts:
    """A file of facts, and how often it was read."""

    def __init__(self, path: Path) -> None:
        self.path, self.reads = path, 0
        path.write_text("1 2")

    def read(self) -> KIND:
        self.reads += 1
        return {"numbers": tuple(map(int, self.path.read_text().split()))}

    def __call__(self) -> KIND:
        return kept_or_read(self.path, KIND, self.read)


@pytest.fixture
def numbers(tmp_path: Path) -> Facts:
    return Facts(tmp_path / "numbers.yaml")


def kept_file() -> Path:
    (path,) = kept_directory().iterdir()
    return path


def test_a_file_is_read_once_until_it_or_what_reads_it_changes(numbers: Facts, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [numbers(), numbers()] == [{"numbers": (1, 2)}] * 2 and numbers.reads == 1
    assert kept_file().stat().st_mode & 0o077 == 0
    numbers.path.write_text("1 2 3")
    assert numbers() == {"numbers": (1, 2, 3)} and numbers.reads == 2
    monkeypatch.setattr(compiled, "_readers", lambda: 1)
    assert [numbers(), numbers()] == [{"numbers": (1, 2, 3)}] * 2 and numbers.reads == 3


def test_what_is_kept_and_broken_or_nobody_s_is_read_again(numbers: Facts) -> None:
    numbers()
    whole, place = kept_file().read_bytes(), kept_file()
    for content in (b"", whole[:20], whole[:-1], b"x" * len(whole), whole[:-1] + b"\x09"):
        place.write_bytes(content)
        before = numbers.reads
        assert numbers() == {"numbers": (1, 2)} and numbers.reads == before + 1, content
    elsewhere = place.with_name("elsewhere")
    place.rename(elsewhere)
    place.symlink_to(elsewhere)
    before = numbers.reads
    assert numbers() == {"numbers": (1, 2)} and numbers.reads == before + 1, "a link is not followed"


def test_without_a_place_to_keep_it_or_modules_to_see_it_is_read(
    numbers: Facts, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept_directory().parent.mkdir(parents=True)
    kept_directory().write_text("a file in its place")
    assert [numbers(), numbers()] == [{"numbers": (1, 2)}] * 2 and numbers.reads == 2
    kept_directory().unlink()
    monkeypatch.setattr(compiled, "_readers", lambda: 0)
    assert numbers() == {"numbers": (1, 2)} and not kept_directory().exists()


def test_a_file_that_is_not_there_is_an_error_of_the_system(numbers: Facts) -> None:
    numbers.path.unlink()
    with pytest.raises(FileNotFoundError):
        numbers()


def everything() -> list[Any]:
    """All shipped facts that are kept, as a process reads them for the first time."""
    names = facts.provider_names()
    providers = [anew(facts.shipped_provider, name) for name in names]
    cards = [anew(card_files, file) for provider in providers for file in provider.models]
    ends = [anew(listed_ends, name) for name in names]
    return [providers, cards, ends, anew(facts.spellings), anew(vendors), list(map(asdict, anew(corrections).listed))]


def anew(cached: Any, *given: str) -> Any:
    return cached.__wrapped__(*given)


def test_what_is_kept_of_the_shipped_facts_is_what_their_files_say(monkeypatch: pytest.MonkeyPatch) -> None:
    first = everything()

    def again(name: str) -> None:
        pytest.fail(f"{name} is read again")

    monkeypatch.setattr(facts, "packaged", again)
    assert everything() == first
