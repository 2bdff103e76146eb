"""Documents of results become the same results again, whatever is in them and whoever wrote them."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from typing import Any

import pytest

from thinkdial.engine.results.documents import result_document
from thinkdial.engine.results.restored import result_from
from thinkdial.engine.results.result import Cost
from thinkdial.providers.schema import Usage

from ...cases import each
from .made import any_result, result


def written(whole: Any) -> dict[str, Any]:
    return json.loads(json.dumps(result_document(whole), ensure_ascii=False))


@each("seed", range(10))
def test_whatever_a_result_holds_comes_back(seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(50):
        whole = any_result(dice)
        again = result_from(written(whole))
        assert again == whole
        assert written(again) == written(whole)


def test_amounts_come_back_exact_and_as_decimals() -> None:
    exact = Decimal("0.00000000123456789012345678")
    again = result_from(written(result(cost=Cost(usd=exact, cache_saved_usd=-exact))))
    assert again.cost.usd == exact
    assert again.cost.cache_saved_usd == -exact
    assert isinstance(again.cost.usd, Decimal)


def test_what_an_older_version_did_not_write_is_unknown() -> None:
    document = written(result())
    for name in ("forecast", "warnings", "error", "request_id"):
        del document[name]
    del document["cost"]["cache_saved_usd"], document["cost"]["listed_usd"], document["usage"]
    again = result_from(document)
    assert (again.forecast, again.warnings, again.error, again.request_id) == (None, (), None, None)
    assert (again.cost.cache_saved_usd, again.cost.usd) == (None, Decimal("0.5"))
    assert again.usage == Usage()


def test_what_a_newer_version_adds_is_passed_over() -> None:
    document = written(result())
    document["mood"] = "good"
    document["cost"]["vat_usd"] = "0.1"
    assert result_from(document) == result()


@each(
    "damage",
    [
        {"think": None},
        {"profile": None},
        {"cost": ["0.5"]},
        {"cost": {"usd": "a lot"}},
        {"warnings": ["oh"]},
        {"usage": "many"},
    ],
)
def test_what_is_no_result_is_refused(damage: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"lacks|is no|cannot be"):
        result_from({**written(result()), **damage})
