"""Every request that is built: each known model x dialect x think value, as `thinkdial plan --json` tells it.

Models and dialects are those that either version lists itself, so nothing here knows where its modules are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

from msgspec import Struct

from .differences import Difference, diff_of
from .stage import Stage
from .steps import Case, run

VALUES = ("off", "minimal", "low", "medium", "high", "xhigh", "max", "auto", "1", "1024", "4000", "8k", "100000")
UNKNOWN = "any-other-model"
ADDRESS = "http://127.0.0.1:9/v1"
WAYS: dict[str, tuple[str, dict[str, Any]]] = {
    "as it is": ("", {}),
    "bounded, whole, elsewhere": ("--no-stream --max-output 9000 -s 'Be brief.'", {"base_url": ADDRESS}),
    "emulated, with params": ("--emulate", {"base_url": ADDRESS, "params": {"temperature": 0.2, "top_p": 0.97}}),
}
"""Name -> options, and what more stands in each profile."""


class Catalogue(Struct, frozen=True):
    """The models of each provider, and the dialects that there are."""

    models: dict[str, tuple[str, ...]]
    dialects: tuple[str, ...]

    def joined(self, other: Catalogue) -> Catalogue:
        names = dict.fromkeys([*self.models, *other.models])
        models = {name: _joined(self.models.get(name, ()), other.models.get(name, ())) for name in names}
        return Catalogue(models, _joined(self.dialects, other.dialects))


def catalogue(stage: Stage) -> Catalogue:
    """What this version says it knows."""
    stage.set_up(Case("catalogue", ()), None)
    schema = _document(stage, "profiles schema")["properties"]["profiles"]["additionalProperties"]["properties"]
    models: dict[str, tuple[str, ...]] = dict.fromkeys(schema["provider"]["examples"], (UNKNOWN,))
    for card in _document(stage, "models --all --json")["models"]:
        models[card["provider"]] = (*models.get(card["provider"], ()), card["model"])
    return Catalogue(models, tuple(schema["dialect"]["enum"]))


class Plans(Struct, frozen=True):
    """The plans of one provider in one way: the document of each call, and what was said of what cannot be called."""

    provider: str
    way: str
    made: dict[str, str]
    said: str

    def unlike(self, other: Plans) -> Iterator[Difference]:
        case = f"plans of {self.provider}, {self.way}"
        for call in dict.fromkeys([*self.made, *other.made]):
            if self.made.get(call) != other.made.get(call):
                yield Difference(case, call, diff_of(self.made.get(call, ""), other.made.get(call, "")))
        if self.said != other.said:
            yield Difference(case, "what was said", diff_of(self.said, other.said))


def plans(stage: Stage, known: Catalogue, provider: str, way: str, ignored: Sequence[re.Pattern[str]] = ()) -> Plans:
    """Plan every model of `provider` on every dialect with every value, in one process."""
    options, more = WAYS[way]
    routes = list(product(known.models[provider], known.dialects))
    profiles = {
        f"route-{number}": {"provider": provider, "model": model, "dialect": dialect, **more}
        for number, (model, dialect) in enumerate(routes)
    }
    config = {"profiles": profiles, "groups": {"all": list(profiles)}}
    stage.set_up(Case("plans", (), {"routes.yaml": json.dumps(config)}), None)
    command = run(f"plan 'Is 91 prime?' -p all -t {','.join(VALUES)} {options} --json -q --config routes.yaml")
    ended = stage.run(command, steady=False)
    made: dict[str, str] = {}
    for plan in json.loads(ended.out)["plans"] if ended.out else ():
        model, dialect = routes[int(plan["profile"].removeprefix("route-"))]
        made[f"{model} on {dialect} @{plan['think']['requested']}"] = _without(ignored, json.dumps(plan, indent=1))
    said = _without(ignored, ended.err.decode(errors="backslashreplace"))
    return Plans(provider, way, made, f"exit code {ended.code}\n{said}")


def _without(ignored: Sequence[re.Pattern[str]], text: str) -> str:
    for pattern in ignored:
        text = pattern.sub("", text)
    return text


def _document(stage: Stage, line: str) -> Any:
    ended = stage.run(run(line), steady=False)
    if ended.code:
        raise RuntimeError(f"thinkdial {line}: exit code {ended.code}: {ended.err.decode()}")
    return json.loads(ended.out)


def _joined(some: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*some, *others]))
