"""What dialects share."""

from __future__ import annotations

from thinkdial.providers.dialect import MOST_REMEMBERED, made_once


def test_the_very_same_object_is_asked_for_once_and_an_equal_one_again() -> None:
    asked: list[dict[str, int]] = []

    @made_once
    def made(given: dict[str, int]) -> int:
        asked.append(given)
        return given["a"]

    one, other = {"a": 1}, {"a": 1}
    assert [made(one), made(one), made(other), made(one)] == [1, 1, 1, 1]
    assert len(asked) == 2 and asked[0] is one and asked[1] is other


def test_objects_that_are_gone_are_never_taken_for_others() -> None:
    made = made_once(lambda given: given[0])
    assert [made([number]) for number in range(5 * MOST_REMEMBERED)] == list(range(5 * MOST_REMEMBERED))
