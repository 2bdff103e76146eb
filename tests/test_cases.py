"""Cases within one test: all of them run, and each that fails is named."""

from __future__ import annotations

import pytest

from .cases import each


def test_all_combinations_run_in_their_order() -> None:
    seen: list[tuple[int, str]] = []

    @each("number", [1, 2])
    @each("word", ["a", "b", "c"])
    def note(number: int, word: str) -> None:
        seen.append((number, word))

    note()
    assert seen == [(1, "a"), (1, "b"), (1, "c"), (2, "a"), (2, "b"), (2, "c")]


def test_every_failure_is_told_with_its_case() -> None:
    @each(("number", "word"), [(1, "a"), (2, "b"), (3, "c")])
    def bad(number: int, word: str) -> None:
        if number == 3:
            with pytest.raises(ValueError, match="never"):
                pass
        assert number == 1, word

    with pytest.raises(BaseExceptionGroup, match=r"these cases fail: \[2-b\], \[3-c\]") as caught:
        bad()
    assert [error.__notes__ for error in caught.value.exceptions] == [["case: 2-b"], ["case: 3-c"]]


def test_fixtures_are_asked_for_and_cases_are_not(one: list[int]) -> None:
    assert one == [1]


@pytest.fixture
def one() -> list[int]:
    return [1]


@each("number", range(3))
@pytest.mark.parametrize("outer", ["x"])
def test_fixtures_and_parameters_stay(one: list[int], outer: str, number: int) -> None:
    assert (one, outer) == ([1], "x") and number in range(3)


def test_a_sweep_has_a_sample_that_is_quick_and_a_rest_that_is_slow() -> None:
    seen: list[int] = []

    @each("number", range(10), every=4)
    def note(number: int) -> None:
        seen.append(number)

    (mark,) = note.pytestmark  # type: ignore[attr-defined]
    quick, rest = mark.args[1]
    assert not quick.marks and [one.name for one in rest.marks] == ["slow"]
    note(is_rest=quick.values[0])
    assert seen == [0, 4, 8]
    note(is_rest=rest.values[0])
    assert seen == [0, 4, 8, 1, 2, 3, 5, 6, 7, 9]


class TestMethods:
    @each("number", range(3), ids=lambda number: f"<{number}>")
    def test_a_method_is_given_its_self(self, number: int) -> None:
        assert isinstance(self, TestMethods) and number < 3


def test_a_test_without_a_case_is_a_mistake() -> None:
    with pytest.raises(AssertionError, match="without a case"):
        each("number", [])
    with pytest.raises(AssertionError, match="does not take"):
        each("other", [1])(lambda number: None)
