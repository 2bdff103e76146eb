"""One dial for LLM reasoning: the same prompt, with one think value, to one or many models, told in one form.

    import thinkdial

    run = thinkdial.compare("Is 91 prime?", ["claude", "gpt"], think="high", max_cost=0.50)
    for result in run.results:
        print(result.profile, result.answer, result.usage.reasoning_tokens, result.cost.usd)

Importing this costs next to nothing: what a name stands for is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # as checkers know it: the module `typing` would take a third of what --version does
if TYPE_CHECKING:
    from .engine.batch.end import BatchOutcome
    from .engine.batch.options import Workers
    from .engine.batch.output.group_summary import BatchSummary, GroupSummary
    from .engine.batch.rows.rows import BadRow
    from .engine.batch.values import BatchRun, RowResult
    from .engine.cells.cell import Cell, cells_of
    from .engine.cells.measure import Measure
    from .engine.checks.gates import Gate
    from .engine.client import Client, load_config
    from .engine.dose_calls import dose
    from .engine.doses.curves import Dose, DoseCurve, DoseFigure
    from .engine.exchange.call_facts import Latency
    from .engine.lock_calls import check_lock, write_lock
    from .engine.locks.comparison import LockCheck
    from .engine.locks.lock import Lock
    from .engine.planning.fates import PieceFate, SessionPlace
    from .engine.results.checked import CheckOutcome, Escalation, EscalationStep
    from .engine.results.difference import Difference, difference
    from .engine.results.result import Cost, Forecast, Reasoning, Result, Run, Summary, ThinkReceipt
    from .engine.runs.observer import Observer, Silent
    from .engine.runs.plans import PlannedCall, Plans
    from .engine.session import Session, SessionTurn
    from .engine.single_calls import ask, batch, compare, plan, tune
    from .engine.trials.arms import Arm
    from .engine.trials.report import ArmReport, TrialEnd, TrialOutcome, TrialReport
    from .profiles.config import Config
    from .providers.errors import (
        BudgetError,
        ConfigError,
        Failure,
        StoreError,
        StrictPlanError,
        ThinkdialError,
        UsageError,
    )
    from .providers.schema import AnswerDelta, Delta, Notice, ReasoningDelta, Usage

    __version__: str

_HOMES = {
    ".engine.batch.end": "BatchOutcome",
    ".engine.batch.options": "Workers",
    ".engine.batch.output.group_summary": "BatchSummary GroupSummary",
    ".engine.batch.rows.rows": "BadRow",
    ".engine.batch.values": "BatchRun RowResult",
    ".engine.cells.cell": "Cell cells_of",
    ".engine.cells.measure": "Measure",
    ".engine.checks.gates": "Gate",
    ".engine.client": "Client load_config",
    ".engine.single_calls": "ask batch compare plan tune",
    ".engine.trials.arms": "Arm",
    ".engine.trials.report": "ArmReport TrialEnd TrialOutcome TrialReport",
    ".engine.dose_calls": "dose",
    ".engine.doses.curves": "Dose DoseCurve DoseFigure",
    ".engine.exchange.call_facts": "Latency",
    ".engine.lock_calls": "check_lock write_lock",
    ".engine.locks.comparison": "LockCheck",
    ".engine.locks.lock": "Lock",
    ".engine.results.difference": "Difference difference",
    ".engine.results.checked": "CheckOutcome Escalation EscalationStep",
    ".engine.results.result": "Cost Forecast Reasoning Result Run Summary ThinkReceipt",
    ".engine.planning.fates": "PieceFate SessionPlace",
    ".engine.runs.observer": "Observer Silent",
    ".engine.runs.plans": "PlannedCall Plans",
    ".engine.session": "Session SessionTurn",
    ".profiles.config": "Config",
    ".providers.errors": "BudgetError ConfigError Failure StoreError StrictPlanError ThinkdialError UsageError",
    ".providers.schema": "AnswerDelta Delta Notice ReasoningDelta Usage",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = [
    "AnswerDelta", "Arm", "ArmReport", "BadRow", "BatchOutcome", "BatchRun", "BatchSummary", "BudgetError", "Cell",
    "CheckOutcome", "Client", "Config", "ConfigError", "Cost", "Delta", "Difference", "Dose", "DoseCurve", "DoseFigure",
    "Escalation", "EscalationStep", "Failure", "Forecast", "Gate", "GroupSummary", "Latency", "Lock", "LockCheck",
    "Measure", "Notice", "Observer", "PieceFate", "PlannedCall", "Plans", "Reasoning", "ReasoningDelta", "Result",
    "RowResult", "Run", "Session", "SessionPlace", "SessionTurn", "Silent", "StoreError", "StrictPlanError", "Summary",
    "ThinkReceipt", "ThinkdialError", "TrialEnd", "TrialOutcome", "TrialReport", "Usage", "UsageError", "Workers",
    "__version__", "ask", "batch", "cells_of", "check_lock", "compare", "difference", "dose", "load_config", "plan",
    "tune", "write_lock",
]  # fmt: skip


def __getattr__(name: str) -> object:
    if name == "__version__":
        from .providers.version import VERSION

        return VERSION
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_HOME_OF[name], __name__), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
