"""For the ids of hosts' catalogues the plan is right, or assumed with words that are true."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from thinkdial.engine.planning.prepare import Prepared, Prompt, prepare
from thinkdial.engine.targets.target import resolve
from thinkdial.profiles.config import load_builtin
from thinkdial.profiles.profile import Profile
from thinkdial.providers.think import THINKING_LEVELS, parse_think

from ...cases import each

CONFIG = load_builtin()
ENDLESS = date(2020, 1, 1)
VALUES = ("off", *(level.value for level in THINKING_LEVELS), "4000")
DENIALS = ("never thinks", "does not think")
PLACES = {
    "AZURE_OPENAI_RESOURCE": "resource",
    "GOOGLE_CLOUD_PROJECT": "project",
    "CLOUDFLARE_ACCOUNT_ID": "account",
    "DATABRICKS_HOST": "h",
}


@dataclass(frozen=True)
class Judged:
    """An id, and what is true of it."""

    provider: str
    model: str
    words: tuple[str, ...]
    dialect: str | None

    def __str__(self) -> str:
        return f"{self.provider}/{self.model}"

    @property
    def is_listed(self) -> bool:
        """Whether the words say which values of the dial it has."""
        return self.words[0] not in ("never", "thinks", "unknown") and "budget" not in self.words

    def plans(self) -> Iterator[tuple[str, Prepared]]:
        profile = Profile(name="judged", provider=self.provider, model=self.model, endpoint=_endpoint(self.provider))
        base_url = None if CONFIG.providers[self.provider].base_url else "http://127.0.0.1:9/v1"
        target = resolve(profile, CONFIG, base_url=base_url, environment=PLACES, today=ENDLESS)
        for value in VALUES:
            yield value, prepare(target, parse_think(value), Prompt("hi"), CONFIG.reference)


def _endpoint(provider: str) -> dict[str, str]:
    return {name: "x" for name, part in CONFIG.providers[provider].endpoint.items() if not part.default and not part.of}


@cache
def judged() -> tuple[Judged, ...]:
    """The list."""
    found: list[Judged] = []
    for line in Path(__file__).with_name("ids.tsv").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            name, words, *dialect = line.split("\t")
            provider, _, model = name.partition("/")
            found.append(Judged(provider, model, tuple(words.split()), next(iter(dialect), None)))
    return tuple(found)


def test_the_list_is_long_and_of_many_hosts() -> None:
    names = [str(one) for one in judged()]
    assert len(names) == len(set(names)) >= 400
    assert len({one.provider for one in judged()}) >= 30
    kinds = {one.words[0] for one in judged()}
    assert {"never", "thinks", "unknown", "off", "low"} <= kinds


@each("one", judged(), ids=str, every=4)
def test_the_plan_is_right_or_assumed_with_true_words(one: Judged) -> None:
    for value, made in one.plans():
        plan, card = made.plan, made.target.card
        said = " ".join([plan.note or "", *(notice.message for notice in plan.notices)])
        doubted = not card.known or plan.fidelity == "assumed"
        if one.dialect is not None:
            assert made.target.dialect == one.dialect
        if doubted:
            assert one.model in said and ("is not a known model" in said or "is assumed" in said), value
            assert not made.plan.is_strict or plan.fidelity == "default", value
        if one.words == ("never",):
            assert plan.native == {}, value
        elif any(words in said for words in DENIALS):
            raise AssertionError(f"{value}: {said}")
        if "always thinks" in said:
            assert one.words[0] in ("thinks", "fixed"), value
        if one.is_listed and not doubted:
            assert f"{value}?" not in one.words, value
            assert (plan.fidelity == "exact") is (value in one.words) or value == "4000", (value, plan.fidelity)
        if one.words[-1] == "budget" and not doubted and value == "4000":
            assert plan.fidelity == "exact" and plan.budget_tokens == 4000
        if one.words == ("unknown",):
            assert plan.fidelity not in ("exact", "mapped"), value
