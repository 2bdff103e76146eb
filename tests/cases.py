"""Many cases of one test that cost less than being tests of their own: all run, and all that fail are told together."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import product
from typing import Any

import pytest

Case = tuple[str, dict[str, Any]]
Test = Callable[..., None]


def each(
    names: str | Sequence[str],
    values: Iterable[Any] | Callable[[], Iterable[Any]],
    *,
    ids: Callable[[Any], str] | Iterable[str] | None = None,
    every: int = 1,
) -> Callable[[Test], Test]:
    """What `pytest.mark.parametrize` says, within one test; several of them make all combinations.

    Only for what leaves nothing behind: the cases share the fixtures of the test. Whichever fail are raised as one
    group, whose message names them; a note on each says it again beside its traceback. Values that take long to make
    are given as a function, which is called by the first test that needs them. With `every=N`, for a sweep that takes
    seconds, the quick suite has each Nth of all cases, and the slow one has the others.
    """
    keys = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)

    @cache
    def axis() -> list[Case]:
        given = values if isinstance(values, Iterable) else values()
        rows = [(value,) if len(keys) == 1 else tuple(value) for value in given]
        if callable(ids):
            told = ["-".join(ids(value) for value in row) for row in rows]
        else:
            told = list(ids) if ids is not None else ["-".join(map(_name, row)) for row in rows]
        found = [(name, dict(zip(keys, row, strict=True))) for name, row in zip(told, rows, strict=True)]
        assert found, "a test without a case"
        return found

    if isinstance(values, Iterable):
        axis()  # mistakes are told when tests are found

    def decorate(test: Test) -> Test:
        outer: list[Callable[[], list[Case]]] = getattr(test, "axes", [])
        inner: Test = getattr(test, "of_one_case", test)
        axes = [axis, *outer]

        def of_all_cases(*args: Any, is_rest: bool | None = None, **fixtures: Any) -> None:
            failed: list[tuple[str, BaseException]] = []
            for number, case in enumerate(product(*(axis() for axis in axes))):
                if (number % every == 0) is is_rest:
                    continue
                name = "-".join(part for part, _ in case)
                given = {key: value for _, values in case for key, value in values.items()}
                try:
                    inner(*args, **fixtures, **given)
                except (Exception, pytest.fail.Exception) as error:
                    error.add_note(f"case: {name}")
                    failed.append((name, error))
            if failed:
                said = ", ".join(f"[{name}]" for name, _ in failed)
                raise BaseExceptionGroup(f"these cases fail: {said}", [error for _, error in failed])

        of_all_cases.axes, of_all_cases.of_one_case = axes, inner  # type: ignore[attr-defined]
        signature = inspect.signature(test)
        kept = [parameter for name, parameter in signature.parameters.items() if name not in keys]
        assert len(kept) == len(signature.parameters) - len(keys), f"{test.__name__} does not take all of {keys}"
        if every > 1:
            kept.append(inspect.Parameter("is_rest", inspect.Parameter.KEYWORD_ONLY))
        of_all_cases.__signature__ = signature.replace(parameters=kept)  # type: ignore[attr-defined]
        of_all_cases.__name__, of_all_cases.__qualname__ = test.__name__, test.__qualname__
        of_all_cases.__module__, of_all_cases.__doc__ = test.__module__, test.__doc__
        of_all_cases.__dict__["pytestmark"] = list(getattr(test, "pytestmark", []))
        if every > 1:
            shares = [pytest.param(False, id="sample"), pytest.param(True, id="rest", marks=pytest.mark.slow)]
            return pytest.mark.parametrize("is_rest", shares)(of_all_cases)
        return of_all_cases

    return decorate


def _name(value: Any) -> str:
    words = value if isinstance(value, str) else getattr(value, "__name__", None) or repr(value)
    return words if len(words) <= 80 else words[:77] + "..."
