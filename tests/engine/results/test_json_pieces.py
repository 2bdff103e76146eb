"""JSON in pieces is what the standard library writes whole."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import Any

import pytest

from thinkdial.engine.results import json_pieces as module
from thinkdial.engine.results.json_pieces import json_pieces

VALUES: list[Any] = [
    {},
    [],
    {"a": [], "b": {}, "c": [1, 2.5, None, True, {"d": 'é\u2028"\\\n'}], "e": [[["x"]]]},
    {"long": 'a"\\\n\ud83dé😀' * 50, "inner": [{"text": "b\t" * 77}]},
    "plain",
    None,
]


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("longest", [7, 2**20])
def test_the_pieces_are_what_the_library_writes(value: Any, longest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_PIECE", longest)
    compact = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    assert "".join(json_pieces(value)) == compact
    assert "".join(json_pieces(value, indent=2)) == json.dumps(value, ensure_ascii=False, indent=2)


def test_no_piece_is_longer_than_its_part_of_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_PIECE", 100)
    assert max(map(len, json_pieces({"answer": "\n" * 5000}))) <= 200


def test_any_mapping_is_an_object() -> None:
    assert "".join(json_pieces(MappingProxyType({"a": MappingProxyType({})}))) == '{"a":{}}'
