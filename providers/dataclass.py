"""`dataclass` as the standard library has it, for a third of the time that a class takes to be made.

The library compiles up to eight methods for each class, and a start makes a hundred classes. Here only `__init__` is
compiled; the other methods are shared, and `fields`, `replace`, `asdict` and `match` find what they look for.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import MISSING, FrozenInstanceError, field, fields
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform

Kind = TypeVar("Kind")
Values = Callable[[Any], Any]

_GIVEN = object()
"""Stands in the signature for a value that a factory makes."""


@dataclass_transform(field_specifiers=(field,))
def dataclass(
    *, frozen: bool = False, slots: bool = False, eq: bool = True, kw_only: bool = False
) -> Callable[[type[Kind]], type[Kind]]:
    """Make a dataclass of a class; the arguments mean what the standard library's mean. `InitVar` is not known."""

    def made(kind: type[Kind]) -> type[Kind]:
        own = {name for name, value in vars(kind).items() if value is not None}
        kind.__doc__ = kind.__doc__ or kind.__name__  # without one, the library spells out the signature
        done: Any = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots, kw_only=kw_only)(kind)
        methods: dict[str, Any] = {"__init__": _init(done, frozen=frozen), "__repr__": _repr(done)}
        if eq:
            values = _values([one.name for one in fields(done) if one.compare])
            identity = _values([one.name for one in fields(done) if (one.compare if one.hash is None else one.hash)])
            methods["__eq__"] = _eq(values)
            methods["__hash__"] = _hash(identity) if frozen else None
        if frozen:
            methods |= {"__setattr__": _refuse_set, "__delattr__": _refuse_delete}
            if slots:
                methods |= {"__getstate__": _state, "__setstate__": _restore}
        for name, method in methods.items():
            if name not in own:
                setattr(done, name, method)
        return done

    return made


def _init(kind: Any, *, frozen: bool) -> Any:
    parameters: dict[bool, list[str]] = {False: [], True: []}
    lines: list[str] = []
    known: dict[str, Any] = {"__set": object.__setattr__, "__GIVEN": _GIVEN}
    for one in fields(kind):
        default, factory = one.default is not MISSING, one.default_factory is not MISSING
        known[f"__{one.name}"] = one.default_factory if factory else one.default
        if one.init:
            given = "=__GIVEN" if factory else f"=__{one.name}" if default else ""
            parameters[one.kw_only is True].append(one.name + given)
            value = f"__{one.name}() if {one.name} is __GIVEN else {one.name}" if factory else one.name
        elif default or factory:
            value = f"__{one.name}()" if factory else f"__{one.name}"
        else:
            continue
        lines.append(f"__set(self, {one.name!r}, {value})" if frozen else f"self.{one.name} = {value}")
    if hasattr(kind, "__post_init__"):
        lines.append("self.__post_init__()")
    named = ["*", *parameters[True]] if parameters[True] else []
    text = f"def __init__({', '.join(['self', *parameters[False], *named])}):\n  " + "\n  ".join(lines or ["pass"])
    exec(text, known)  # noqa: S102 - nothing but names of fields is in it
    method = known["__init__"]
    method.__module__, method.__qualname__ = kind.__module__, f"{kind.__qualname__}.__init__"
    return method


def _values(names: list[str]) -> Values:
    """What reads the fields `names` as one value."""
    return attrgetter(*names) if names else lambda _: ()


def _eq(values: Values) -> Any:
    def are_equal(one: Any, other: object) -> Any:
        return values(one) == values(other) if other.__class__ is one.__class__ else NotImplemented

    return are_equal


def _hash(values: Values) -> Any:
    def hashed(one: Any) -> int:
        return hash(values(one))

    return hashed


def _repr(kind: Any) -> Any:
    names = [one.name for one in fields(kind) if one.repr]

    def shown(one: Any) -> str:
        return f"{one.__class__.__qualname__}({', '.join(f'{name}={getattr(one, name)!r}' for name in names)})"

    return shown


def _refuse_set(self: Any, name: str, value: Any) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_delete(self: Any, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, one.name) for one in fields(self)]


def _restore(self: Any, state: list[Any]) -> None:
    for one, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, one.name, value)
