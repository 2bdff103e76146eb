"""Our `dataclass` against the standard library's: made of the same bodies, the classes do the same."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, field
from typing import Any, ClassVar

import pytest

from thinkdial.providers.dataclass import dataclass

MAKERS: tuple[Callable[..., Any], ...] = (dataclass, dataclasses.dataclass)


class Body:
    """A bit of everything."""

    number: int
    text: str = "t"
    listed: list[int] = field(default_factory=list[int])
    quiet: str = field(default="secret", repr=False)
    apart: int = field(default=0, compare=False)
    late: int = field(init=False, default=7)
    kind: ClassVar[str] = "body"

    def __post_init__(self) -> None:
        object.__setattr__(self, "apart", self.number + self.apart)


def made(maker: Callable[..., Any], body: type[Any] = Body, **how: bool) -> Any:
    """A class of its own of the text of `body`."""
    space = {name: value for name, value in vars(body).items() if name not in ("__dict__", "__weakref__")}
    return maker(**how)(type(body.__name__, body.__bases__, space))


@dataclass(frozen=True, slots=True)
class Pickled:
    """One that pickle finds by its name."""

    number: int
    listed: tuple[int, ...] = ()


@pytest.mark.parametrize("frozen", [True, False])
@pytest.mark.parametrize("slots", [True, False])
class TestAsTheLibrary:
    def test_instances_show_compare_and_change_alike(self, *, frozen: bool, slots: bool) -> None:
        ours, theirs = (made(maker, frozen=frozen, slots=slots) for maker in MAKERS)
        for call in ({"number": 1}, {"number": 1, "text": "x", "listed": [2], "apart": 3}):
            mine, other = ours(**call), theirs(**call)
            assert repr(mine) == repr(other)
            assert dataclasses.asdict(mine) == dataclasses.asdict(other)
            assert mine == copy.deepcopy(mine)
            assert mine != ours(**{**call, "number": 9})
            assert (mine == ours(**{**call, "apart": 5})) == (other == theirs(**{**call, "apart": 5})) is True
            assert mine != other
            assert repr(dataclasses.replace(mine, text="new")) == repr(dataclasses.replace(other, text="new"))
        assert ours(1).listed is not ours(1).listed
        assert ours.__match_args__ == theirs.__match_args__
        assert [one.name for one in dataclasses.fields(ours)] == [one.name for one in dataclasses.fields(theirs)]
        assert hasattr(ours(1), "__dict__") is hasattr(theirs(1), "__dict__") is not slots

    def test_only_frozen_ones_are_hashable_and_refuse_a_change(self, *, frozen: bool, slots: bool) -> None:
        for maker in MAKERS:
            one = made(maker, frozen=frozen, slots=slots)(1, "x", ())
            if frozen:
                assert hash(one) == hash(made(dataclasses.dataclass, frozen=True)(1, "x", ()))
                with pytest.raises(FrozenInstanceError):
                    one.text = "y"
                with pytest.raises(FrozenInstanceError):
                    del one.text
            else:
                one.text = "y"
                assert one.text == "y"
                with pytest.raises(TypeError):
                    hash(one)

    def test_wrong_arguments_are_refused(self, *, frozen: bool, slots: bool) -> None:
        for maker in MAKERS:
            kind = made(maker, frozen=frozen, slots=slots)
            for wrong in ({}, {"number": 1, "late": 2}, {"number": 1, "unknown": 2}):
                with pytest.raises(TypeError):
                    kind(**wrong)


class TestApart:
    def test_identity_counts_without_eq(self) -> None:
        for maker in MAKERS:
            kind = made(maker, frozen=True, slots=True, eq=False)
            one = kind(1)
            assert one == one
            assert one != kind(1)
            assert hash(one) == object.__hash__(one)

    def test_a_subclass_with_names_alone_takes_both(self) -> None:
        for maker in MAKERS:
            base = made(maker, frozen=True, slots=True)
            inner = type("More", (base,), {"__annotations__": {"more": "int"}, "__doc__": "d", "__module__": __name__})
            kind = maker(frozen=True, slots=True, kw_only=True)(inner)
            assert kind(1, more=2).more == 2
            with pytest.raises(TypeError):
                kind(1, "x", [], "", 0, 2)

    def test_methods_of_the_body_stay(self) -> None:
        class Own:  # noqa: PLW1641 - the decorator adds it
            """Has its own words."""

            number: int

            def __repr__(self) -> str:
                return "hidden"

            def __eq__(self, other: object) -> bool:
                return True

        for maker in MAKERS:
            kind = made(maker, Own, frozen=True, slots=True)
            assert repr(kind(1)) == "hidden"
            assert kind(1) == kind(2)
            assert hash(kind(1)) == hash(kind(1))

    def test_it_travels_by_pickle(self) -> None:
        assert pickle.loads(pickle.dumps(Pickled(1, (2, 3)))) == Pickled(1, (2, 3))  # noqa: S301 - our own
