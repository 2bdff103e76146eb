"""The dose curves of profiles, or of every model in the history. Nothing is called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ...providers.think import Think
from ..history.seen.dosed import AskedModel, dosed_answers
from ..history.store import Store
from ..planning.prepare import Prompt
from ..targets.target import Selection, resolve
from .curves import DoseCurve, curves_of

if TYPE_CHECKING:
    from ...profiles.config import Config


def asked_model(selection: Selection, config: Config) -> AskedModel:
    """Of whom the answers of a profile came. A simulated profile means simulated answers, and no other.

    Raises `ConfigError` where nobody can tell whom it calls.
    """
    target = resolve(selection.profile, config)
    simulated = selection.profile.simulated is not None
    return AskedModel(target.provider.name, "" if simulated else target.host, selection.profile.model, simulated)


def dose_curves(
    selections: Sequence[Selection], config: Config, *, prompts: Sequence[Prompt] | None = None
) -> tuple[DoseCurve, ...]:
    """A curve for each profile, or without one for each model that is not simulated. With `prompts`, of those alone.

    Raises `ConfigError` and `StoreError`.
    """
    names: dict[AskedModel, str] | None = None
    if selections:
        names = {}
        for selection in selections:
            names.setdefault(asked_model(selection, config), selection.profile.name)
    asked = None if prompts is None else [(prompt.text, prompt.system) for prompt in prompts]
    with Store.open() as store:
        return curves_of(dosed_answers(store, names, prompts=asked), names)


def only_thinks(curves: Sequence[DoseCurve], thinks: Sequence[Think]) -> tuple[DoseCurve, ...]:
    """The same curves with these think values alone; all of them without any."""
    if not thinks:
        return tuple(curves)
    names = {str(think) for think in thinks}
    return tuple(
        replace(
            curve,
            doses=tuple(dose for dose in curve.doses if dose.think in names),
            steps=tuple(step for step in curve.steps if {step.lower, step.upper} <= names),
        )
        for curve in curves
    )
