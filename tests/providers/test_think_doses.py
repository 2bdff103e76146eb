"""A dose is written `~2000` or `~$0.01`, and stays what was asked whatever is chosen for it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from thinkdial.providers.errors import UsageError
from thinkdial.providers.think import Aim, Level, Think, parse_think

from ..cases import each


@pytest.mark.parametrize(
    ("text", "aim", "shown"),
    [
        ("~2000", Aim(tokens=2000), "~2000"),
        (" ~2K ", Aim(tokens=2048), "~2048"),
        ("~$0.010", Aim(usd=Decimal("0.01")), "~$0.01"),
        ("~$.5", Aim(usd=Decimal("0.5")), "~$0.5"),
        ("~$100", Aim(usd=Decimal(100)), "~$100"),
    ],
)
def test_doses(text: str, aim: Aim, shown: str) -> None:
    think = parse_think(text)
    assert think == Think(aim=aim) and str(think) == shown and parse_think(shown) == think
    assert think.is_open and not think.is_auto and not think.is_off


@each("text", ["~", "~0", "~-1", "~high", "~$", "~$0", "~$-1", "~$1e3", "~$99999", "~99999999", "~$1_0"])
def test_what_is_no_dose(text: str) -> None:
    with pytest.raises(UsageError, match="dose"):
        parse_think(text)


def test_a_chosen_dose_keeps_its_name_and_tells_what_is_sent() -> None:
    chosen = replace(parse_think("~2000"), level=Level.MEDIUM)
    assert (str(chosen), chosen.sent, chosen.is_open) == ("~2000", "medium", False)
    assert Think(Level.LOW).sent == "low" and parse_think("8k").sent == "8192" and parse_think("auto").sent == "auto"
