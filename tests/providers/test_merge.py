"""Merging native request fields."""

from __future__ import annotations

from typing import Any

import pytest

from thinkdial.providers.merge import at_path, filled, leaf_paths, merged, without


def test_objects_merge_and_everything_else_is_replaced_by_the_later() -> None:
    base = {"a": {"x": 1, "y": [1]}, "b": 1}
    result = merged(base, {"a": {"y": [2]}, "b": {"z": 1}}, {"a": {"x": None}, "c": 3})
    assert result == {"a": {"x": None, "y": [2]}, "b": {"z": 1}, "c": 3}
    assert base == {"a": {"x": 1, "y": [1]}, "b": 1}


def test_leaf_paths_are_dotted_and_end_at_what_is_no_object() -> None:
    assert list(leaf_paths({"a": {"b": 1, "c": {"d": []}}, "e": {}})) == ["a.b", "a.c.d", "e"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.b", {"a": {"c": 1}, "d": 2}),
        ("a", {"d": 2}),
        ("d", {"a": {"b": 1, "c": 1}}),
        ("d.e", {"a": {"b": 1, "c": 1}, "d": 2}),
        ("x.y", {"a": {"b": 1, "c": 1}, "d": 2}),
    ],
)
def test_without_takes_one_path_away(path: str, expected: dict[str, Any]) -> None:
    document = {"a": {"b": 1, "c": 1}, "d": 2}
    assert without(document, path) == expected
    assert document == {"a": {"b": 1, "c": 1}, "d": 2}


def test_an_object_that_becomes_empty_goes_as_well() -> None:
    assert without({"a": {"b": {"c": 1}}}, "a.b.c") == {}


@pytest.mark.parametrize(("path", "value"), [("a.b", 1), ("a", {"b": 1}), ("a.b.c", None), ("x", None)])
def test_at_path_reads_or_says_none(path: str, value: Any) -> None:
    assert at_path({"a": {"b": 1}}, path) == value


def test_templates_are_filled_and_what_is_none_is_left_out() -> None:
    template = {"a": "$x", "b": ["$x", "c"], "d": {"e": "$none"}, "f": {}, "g": None, "h": {"i": "$empty"}}
    values = {"$x": 1, "$none": None, "$empty": {}}
    assert filled(template, values) == {"a": 1, "b": [1, "c"], "f": {}, "g": None, "h": {"i": {}}}
    assert template["a"] == "$x"
