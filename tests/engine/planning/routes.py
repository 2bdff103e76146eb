"""Every known model of every provider on every dialect that serves it, and a way to plan for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from msgspec.structs import replace

from thinkdial.engine.planning.plan import PlanContext, ThinkPlan, plan
from thinkdial.engine.targets.target import Target, resolve
from thinkdial.profiles import facts
from thinkdial.profiles.config import load_builtin
from thinkdial.profiles.profile import Profile
from thinkdial.providers.registry import dialect as dialect_called
from thinkdial.providers.think import parse_think

from ...cases import each

PROVIDERS = ("openai", "anthropic", "google")
"""The vendors whose own SDKs check what we send."""
ENVIRONMENT = {
    "AZURE_OPENAI_RESOURCE": "resource", "GOOGLE_CLOUD_PROJECT": "project",
    "CLOUDFLARE_ACCOUNT_ID": "account", "DATABRICKS_SERVER_HOSTNAME": "workspace.test",
}  # fmt: skip
CONFIG = load_builtin()
REFERENCE = facts.reference()
LEVELS = ("minimal", "low", "medium", "high", "xhigh", "max")
UNKNOWN = "newcomer-9"
BUDGETS = ("1", "512", "1024", "4000", "8k", "64000", "100000", "1000000")
VALUES = ("auto", "off", *LEVELS, *BUDGETS)
OUTPUT_LIMITS = (None, 1, 15, 16, 1000, 1024, 1025, 2048, 4096, 5119, 9000, 64000, 200000)


@dataclass(frozen=True)
class Route:
    """One model on one dialect."""

    target: Target
    _plans: dict[tuple[str, int | None], ThinkPlan] = field(default_factory=dict, compare=False, repr=False)

    @property
    def model(self) -> str:
        return self.target.profile.model

    @property
    def limits(self) -> tuple[int | None, ...]:
        """Output limits to try: all where somebody else's SDK agrees, the telling ones elsewhere."""
        return OUTPUT_LIMITS if self.target.provider.name in PROVIDERS else (None, 1025, 9000)

    def __str__(self) -> str:
        return f"{self.target.provider.name}: {self.model}/{self.target.dialect}"

    def plan(self, value: str, *, limit: int | None = None, **changes: Any) -> ThinkPlan:
        """The plan for a think value, made once: several rules are checked on it."""
        if not changes and (value, limit) in self._plans:
            return self._plans[value, limit]
        context = PlanContext(
            card=self.target.card,
            spelling=self.target.spelling,
            reference=REFERENCE,
            model=self.model,
            max_output_tokens=limit,
            limit_required=dialect_called(self.target.dialect).NEEDS_OUTPUT_LIMIT,
            refuses_levels=self.target.use.refuses_levels,
        )
        made = plan(parse_think(value), replace(context, **changes) if changes else context)
        return made if changes else self._plans.setdefault((value, limit), made)


def route(provider: str, model: str, dialect: str | None = None) -> Route:
    profile = Profile(name="test", provider=provider, model=model, dialect=dialect)
    base_url = None if CONFIG.providers[provider].base_url else "http://127.0.0.1:9/v1"
    return Route(resolve(profile, CONFIG, base_url=base_url, environment=ENVIRONMENT, today=date(2020, 1, 1)))


def all_routes(names: Iterable[str]) -> Iterator[Route]:
    for name in names:
        provider = CONFIG.providers[name]
        for file in provider.models:
            for card in facts.cards(file):
                for dialect in provider.dialects:
                    if not card.dialects or dialect in card.dialects:
                        yield route(name, card.example, dialect)
        for dialect in provider.dialects:
            yield route(name, UNKNOWN, dialect)


@cache
def every_route() -> tuple[Route, ...]:
    return tuple(all_routes(CONFIG.providers))


@cache
def vendors_routes() -> tuple[Route, ...]:
    """Those of known models of the vendors whose SDKs check what is sent."""
    found = (one for one in every_route() if one.target.provider.name in PROVIDERS)
    return tuple(one for one in found if one.target.card.known)


def shape(found: Route) -> str:
    """All that a plan depends on besides the model's name."""
    card = found.target.card
    return repr((
        found.target.dialect, found.target.spelling, found.target.use.refuses_levels,
        card.control, card.levels, card.can_be_off, card.off, card.absent,
        card.budget, card.max_output_tokens, card.min_output_limit, card.output_limit_covers_thinking,
        card.known, card.off and card.notes, card.unverified,
    ))  # fmt: skip


@cache
def distinct_routes() -> tuple[Route, ...]:
    """One of the vendors' routes for each set of facts that a plan depends on."""
    return tuple({shape(found): found for found in vendors_routes()}.values())


def for_every_route(check: Callable[[Route], None]) -> Callable[..., None]:
    """A test that runs `check` for every route, each third in the quick suite, and names those that fail."""
    return each("each_route", every_route, ids=str, every=3)(check)
