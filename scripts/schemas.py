"""Write the JSON Schemas that ship with the package, from types and data: python scripts/schemas.py [--check]."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args, get_type_hints

from config_schema import config_schema
from file_schema import files_schema
from schema_objects import DIALECT, NAMES, object_schema, of_type

from thinkdial.engine.batch.output.row_values import COMPETING, QUANTITIES
from thinkdial.engine.batch.output.summary import SCHEMA as BATCH_SUMMARY_SCHEMA
from thinkdial.engine.batch.output.summary import Group
from thinkdial.engine.cells.cell import Cell
from thinkdial.engine.cells.levels import LevelStep
from thinkdial.engine.cells.measure import Measure
from thinkdial.engine.doses.curves import Dose
from thinkdial.engine.doses.documents import DOSE_SCHEMA
from thinkdial.engine.locks.comparison import EntryCheck, EntryState
from thinkdial.engine.locks.documents import LOCK_CHECK_SCHEMA, ReadFrom
from thinkdial.engine.locks.lock import LOCK_SCHEMA, MEASURES, LockEntry
from thinkdial.engine.results.difference import DIFFERENCE_SCHEMA, SIDE_KEYS, FigurePair
from thinkdial.engine.results.documents import RESULT_SCHEMA, RUN_SCHEMA
from thinkdial.engine.results.result import Result, Run
from thinkdial.engine.results.word_changes import WordPiece
from thinkdial.engine.sessions.forms.session_file import (
    NODE_KEYS,
    NOT_EXPORTED,
    SESSION_SCHEMA,
    SETTINGS_KEYS,
    FileBranch,
    FileNode,
)
from thinkdial.engine.sessions.settings import SessionSettings
from thinkdial.engine.shapes.figures import ShapeFigures
from thinkdial.engine.trials.documents import TRIAL_SCHEMA
from thinkdial.engine.trials.report import TrialEnd, TrialOutcome
from thinkdial.engine.trials.standings import ArmState
from thinkdial.profiles.state.rule import Binding
from thinkdial.providers.turns.pieces import TurnPiece
from thinkdial.providers.turns.turn import Origin

DIRECTORY = Path(__file__).resolve().parent.parent / "profiles" / "schemas"
DESCRIBED = {"branch": FileBranch, "node": FileNode, "piece": TurnPiece}


def main() -> None:
    stale = False
    documents = {
        "result.schema.json": result_schema(),
        "batch-summary.schema.json": batch_summary_schema(),
        "config.schema.json": config_schema(),
        "lock.schema.json": lock_schema(),
        "lock-check.schema.json": lock_check_schema(),
        "session.schema.json": session_schema(),
        "dose.schema.json": dose_schema(),
        "tune.schema.json": tune_schema(),
        "files.schema.json": files_schema(),
    }
    for name, document in documents.items():
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        path = DIRECTORY / name
        if "--check" not in sys.argv:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            print(f"{path.name} is stale; run: python scripts/schemas.py")
            stale = True
    sys.exit(1 if stale else 0)


def result_schema() -> dict[str, Any]:
    """The schema of a run, a result and a difference of two; `oneOf` at the top takes any of them."""
    definitions: dict[str, Any] = {}
    of_type(Result, definitions)
    of_type(Run, definitions)
    cells: dict[str, Any] = {"type": "array", "items": of_type(Cell, definitions)}
    definitions["Run"]["properties"]["cells"] = cells
    definitions["Result"]["properties"]["answer_json"] = {"description": "any JSON"}
    _named(definitions["Result"], RESULT_SCHEMA)
    _named(definitions["Run"], RUN_SCHEMA)
    definitions["Difference"] = difference_schema(definitions)
    definitions["Run"]["properties"]["differences"] = {
        "type": "array",
        "items": {"$ref": "#/$defs/Difference"},
        "description": "with --diff: the first result beside each of the others",
    }
    return {
        "$schema": DIALECT,
        "title": "What thinkdial prints as JSON",
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in ("Run", "Result", "Difference")],
        "$defs": definitions,
    }


def difference_schema(definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of a difference: who is compared, the figures of both, and the pieces of the answers."""
    hints, count = get_type_hints(Result, localns=NAMES), {"type": "integer", "minimum": 0}
    side = {name: {"type": "string"} if name == "think" else of_type(hints[name], {}) for name in SIDE_KEYS}
    share = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
    answer: dict[str, Any] = {
        **dict.fromkeys(("words_a", "words_b", "words_same"), count),
        "same_share": share,
        "is_complete": {"type": "boolean"},
        "pieces": {"type": "array", "items": of_type(WordPiece, definitions)},
    }
    kinds: dict[str, Any] = {
        "schema": {"const": DIFFERENCE_SCHEMA},
        **dict.fromkeys(("a", "b"), object_schema(side, required=[*side])),
        "same_prompt": {"type": ["boolean", "null"]},
        "figures": {"type": "array", "items": of_type(FigurePair, definitions)},
        "answer": object_schema(answer, required=[*answer]),
    }
    return object_schema(kinds, required=[*kinds])


def batch_summary_schema() -> dict[str, Any]:
    """The schema of a batch's summary: what it was, and a group for each profile and think value."""
    text, flag, count = {"type": "string"}, {"type": "boolean"}, {"type": "integer", "minimum": 0}
    text_or_null: dict[str, Any] = {"type": ["string", "null"]}
    count_or_null: dict[str, Any] = {"type": ["integer", "null"], "minimum": 0}
    or_null: dict[str, Any] = {"type": ["number", "null"], "minimum": 0}
    share = {"type": "number", "minimum": 0, "maximum": 1}
    usd = {"anyOf": [of_type(Decimal, {}), {"type": "null"}]}
    counts = {"type": "object", "additionalProperties": count}
    unknown: dict[str, Any] = {**count, "description": "results that may have cost something that nobody has told"}
    per_passed = {**usd, "description": "what a passed answer costs, failures included; null unless all is known"}
    group_kinds: dict[str, Any] = {
        **dict.fromkeys(("profile", "think", "model"), text),
        **dict.fromkeys(("results", "judged", "passed"), count),
        "empty": {**count, "description": "whole answers without text"},
        **dict.fromkeys(("statuses", "verdicts", "finishes", "errors"), counts),
        **dict.fromkeys(("usd", "usd_mean"), usd),
        "usd_unknown": unknown,
        "usd_per_passed": per_passed,
        "checks_usd": {**usd, "description": "what judges and second calls have cost, beside usd"},
        "checks_usd_unknown": count,
        **dict.fromkeys(("latency_median_s", "latency_95th_s", "reasoning_tokens_mean"), or_null),
        **dict.fromkeys(("input_tokens", "output_tokens", "reasoning_tokens"), count_or_null),
        "pass_rate": {"anyOf": [share, {"type": "null"}]},
        "pass_interval_95": {
            "anyOf": [{"type": "array", "items": share, "minItems": 2, "maxItems": 2}, {"type": "null"}]
        },
    }
    definitions: dict[str, Any] = {}
    measure = of_type(Measure, definitions)
    group_kinds |= {
        "samples": {**count, "description": "how often a row was answered, at most"},
        "agreement": {"anyOf": [share, {"type": "null"}]},
        "measures": object_schema(dict.fromkeys(QUANTITIES, measure), required=[*QUANTITIES]),
        "best": {"type": "array", "items": {"enum": [*COMPETING]}},
        "same_request_as": text_or_null,
        "step": {"anyOf": [of_type(LevelStep, definitions), {"type": "null"}]},
        "simulated": {**count, "description": "results of a simulator, for which nothing was charged"},
        "judge_calls": count,
        "second_calls": {**count, "description": "calls that put an answer into its shape"},
        "shape": {
            "anyOf": [of_type(ShapeFigures, definitions), {"type": "null"}],
            "description": "of the answers of which JSON was asked; null where none has come",
        },
    }
    group, again = [*Group("", "").document()], ["profile", "kind", "times"]
    given_up = dict.fromkeys(("profile", "kind", "message"), text)
    kinds: dict[str, Any] = {
        "schema": {"const": BATCH_SUMMARY_SCHEMA},
        **dict.fromkeys(("created_at", "source"), text),
        **dict.fromkeys(("output", "cost_limit"), text_or_null),
        **dict.fromkeys(("rows", "bad_rows", "results", "skipped"), count),
        "finished": {**flag, "description": "whether nothing is left to do: only where nothing is missing"},
        "expected": {
            **count_or_null,
            "description": "results that are asked for; null where the input was not read to its end, or nobody knows",
        },
        "written": {**count, "description": "of those, the ones that are there, from this run or an earlier one"},
        "missing": {
            **count_or_null,
            "description": "of those, the ones that are not; at least so many where expected is null; null: unknown",
        },
        "interrupted": flag,
        "usd": usd,
        "usd_unknown": unknown,
        "given_up": {"type": "array", "items": object_schema(given_up, required=[*given_up])},
        "attempts_again": {
            "type": "array",
            "items": object_schema({"profile": text, "kind": text, "times": count}, required=again),
        },
        "groups": {
            "type": "array",
            "items": object_schema({name: group_kinds[name] for name in group}, required=group),
        },
    }
    whole = object_schema(kinds, required=[*kinds])
    return {"$schema": DIALECT, "title": "The summary of a batch", **whole, "$defs": definitions}


def dose_schema() -> dict[str, Any]:
    """The schema of dose curves: for each model its doses, and the judgements of neighbouring think values."""
    definitions: dict[str, Any] = {}
    dose = of_type(Dose, definitions)
    money = definitions["DoseFigure"]["properties"]
    usd = {"anyOf": [of_type(Decimal, {}), {"type": "null"}]}
    figures = {**money, "median": of_type(Decimal, {}), "low": usd, "high": usd}
    definitions["MoneyFigure"] = definitions["DoseFigure"] | {"properties": figures}
    definitions["Dose"]["properties"]["usd"] = {"anyOf": [{"$ref": "#/$defs/MoneyFigure"}, {"type": "null"}]}
    step = of_type(LevelStep, definitions)
    about = definitions["LevelStep"]
    about["properties"] = {name: kind for name, kind in about["properties"].items() if name != "arm"}
    about["properties"]["words"] = {"type": "string"}
    about["required"] = [*about["properties"]]
    text = {"type": "string"}
    curve: dict[str, Any] = {
        **dict.fromkeys(("name", "provider", "host", "model"), text),
        "simulated": {"type": "boolean"},
        "doses": {"type": "array", "items": dose},
        "steps": {"type": "array", "items": step},
    }
    return {
        "$schema": DIALECT,
        "title": "What each think value takes",
        **object_schema(
            {
                "schema": {"const": DOSE_SCHEMA},
                "curves": {"type": "array", "items": object_schema(curve, required=[*curve])},
                "notes": {"type": "array", "items": text},
            },
            required=["schema", "curves", "notes"],
        ),
        "$defs": definitions,
    }


def tune_schema() -> dict[str, Any]:
    """The schema of a trial: what was found, and each arm in figures."""
    text, flag, count = {"type": "string"}, {"type": "boolean"}, {"type": "integer", "minimum": 0}
    text_or_null, number_or_null = {"type": ["string", "null"]}, {"type": ["number", "null"], "minimum": 0}
    count_or_null = {"type": ["integer", "null"], "minimum": 0}
    share = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
    texts = {"type": "array", "items": text}
    usd = {"anyOf": [of_type(Decimal, {}), {"type": "null"}]}
    arm: dict[str, Any] = {
        **dict.fromkeys(("profile", "think", "model"), text),
        "same_request_as": {**texts, "description": "think values whose requests are the same bytes"},
        "state": {"enum": [state.value for state in ArmState]},
        **dict.fromkeys(("simulated", "is_left", "is_on_frontier"), flag),
        **dict.fromkeys(("worse_than", "dearer_than", "trouble"), text_or_null),
        **dict.fromkeys(("asked", "judged", "passed", "unanswered", "unjudged"), count),
        **dict.fromkeys(("pass_rate", "pass_low", "pass_high"), share),
        "behind_best": {**share, "description": "how far its rate may be below that of the arm that passes most often"},
        **dict.fromkeys(("pass_low_after_100_more", "pass_high_after_100_more"), share),
        **dict.fromkeys(("usd_mean", "usd_mean_low", "usd_mean_high", "usd_per_1000", "usd_per_passed"), usd),
        **dict.fromkeys(("reasoning_tokens_median", "total_median_s"), number_or_null),
        "rows_to_decide": {
            **count_or_null,
            "description": "rows in all that would show which side of the target it is on",
        },
    }
    kinds: dict[str, Any] = {
        "schema": {"const": TRIAL_SCHEMA},
        **dict.fromkeys(("created_at", "source"), text),
        "output": text_or_null,
        "outcome": {"enum": [outcome.value for outcome in TrialOutcome]},
        "ended_by": {"enum": [end.value for end in TrialEnd]},
        "chosen": text_or_null,
        "left": {**texts, "description": "the arms that may be the cheapest that passes"},
        "groups": {"type": "array", "items": texts, "description": "arms that are not shown to differ"},
        "target": share,
        "confidence": {"type": "number"},
        "seed": {"type": "integer"},
        **dict.fromkeys(("rows", "calls", "calls_earlier", "calls_of_whole_grid"), count),
        **dict.fromkeys(("usd_unknown", "checks_usd_unknown"), count),
        "least_rows": {**count_or_null, "description": "rows that it takes at least to show that an arm passes"},
        **dict.fromkeys(("usd", "checks_usd"), usd),
        "gate_failures": texts,
        "arms": {"type": "array", "items": object_schema(arm, required=[*arm])},
    }
    return {"$schema": DIALECT, "title": "What thinkdial tune found", **object_schema(kinds, required=[*kinds])}


def lock_schema() -> dict[str, Any]:
    """The schema of a lock: probes, and for each profile and think value what came of them."""
    definitions: dict[str, Any] = {}
    text, count = {"type": "string"}, {"type": "integer", "minimum": 0}
    numbers = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
    share = {"type": "number", "minimum": 0, "maximum": 1}
    of_type(LockEntry, definitions)
    entry = definitions.pop("LockEntry")["properties"]
    tokens = object_schema({"n": count, "median": {"type": "number"}, "quartiles": numbers}, required=["n", "median"])
    rate = object_schema({"n": count, "rate": share, "interval_95": numbers}, required=["n", "rate"])
    values = {name: {"type": "array", "items": count} for name in MEASURES}
    entry |= {
        name: {"anyOf": [rate if name == "passed" else tokens, {"type": "null"}], "description": "for people"}
        for name in MEASURES
    }
    entry["samples"] = {"type": "object", "additionalProperties": object_schema(values)}
    needed = ["profile", "think", "provider", "model", "request"]
    probe = {"id": text, "prompt": text, "system": text, "expect": {"type": "object"}}
    kinds: dict[str, Any] = {
        "schema": {"const": LOCK_SCHEMA},
        **dict.fromkeys(("written_at", "version"), text),
        "repeat": {"type": "integer", "minimum": 1},
        "probes": {"type": "array", "minItems": 1, "items": object_schema(probe, required=["id", "prompt"])},
        "entries": {"type": "array", "minItems": 1, "items": object_schema(entry, required=needed)},
    }
    top = object_schema(kinds, required=["schema", "written_at", "repeat", "probes", "entries"])
    return {"$schema": DIALECT, "title": "A lock of chosen profiles", **top, "$defs": definitions}


def lock_check_schema() -> dict[str, Any]:
    """The schema of a lock's check."""
    definitions: dict[str, Any] = {}
    text, count = {"type": "string"}, {"type": "integer", "minimum": 0}
    kinds: dict[str, Any] = {
        "schema": {"const": LOCK_CHECK_SCHEMA},
        "state": of_type(EntryState, definitions),
        **dict.fromkeys(("written_at", "checked_at"), text),
        "read_from": of_type(ReadFrom, definitions),
        "probes": count,
        "stopped": {"type": ["string", "null"]},
        "usd": {"anyOf": [of_type(Decimal, {}), {"type": "null"}]},
        "tests": count,
        "false_alarm_rate": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
        "correction": {"const": "benjamini-hochberg"},
        "entries": {"type": "array", "items": of_type(EntryCheck, definitions)},
    }
    top = object_schema(kinds, required=[*kinds])
    return {"$schema": DIALECT, "title": "The check of a lock", **top, "$defs": definitions}


def session_schema() -> dict[str, Any]:
    """The schema of an exported session: who stands where in which turns, and what those are made of."""
    text, count_or_null = {"type": "string"}, {"type": ["integer", "null"], "minimum": 0}
    piece_hints, origin_hints = get_type_hints(TurnPiece), get_type_hints(Origin)
    piece = {name: of_type(piece_hints[name], {}) for name in TurnPiece.__struct_fields__}
    piece |= {"id": text, "name": text, "opaque": {"type": "object", "additionalProperties": text}}
    bound = {"enum": sorted(("provider", *get_args(Binding)))}
    about = "the provider alone reads it, and only where all of these are what they were"
    bound_to = {"type": "array", "items": bound, "description": about}
    origin = {
        name: text if name != "date" else {**text, "format": "date-time"}
        for name in Origin.__struct_fields__
        if name in origin_hints.keys() - NOT_EXPORTED[Origin]
    }
    hints = get_type_hints(FileNode)
    usd = {"anyOf": [{"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?$"}, {"type": "null"}]}
    node: dict[str, Any] = {
        **{name: of_type(hints[name], {}) for name in NODE_KEYS if name in hints},
        "node": {"type": "integer", "minimum": 0},
        "asked": {"type": "array", "items": {"$ref": "#/$defs/piece"}},
        "answered": {"type": "array", "items": {"$ref": "#/$defs/piece"}},
        "origin": object_schema(origin, required=["provider", "endpoint", "dialect", "model"]),
        "is_cut": {"type": "boolean"},
        "dead": {"type": "array", "items": {"type": "integer", "minimum": 0}},
        **dict.fromkeys((name for name in NODE_KEYS if name.endswith("_tokens")), count_or_null),
        "usd": usd,
    }
    setting_hints = get_type_hints(SessionSettings)
    settings = {name: of_type(setting_hints[name], {}) for name in SETTINGS_KEYS}
    settings["max_cost_usd"] = {"type": "string"}
    branch: dict[str, Any] = {
        "name": text,
        "created_at": text,
        "settings": object_schema(settings),
        "tip": {"type": ["integer", "null"]},
    }
    described = {name: " ".join((kind.__doc__ or "").split()) for name, kind in DESCRIBED.items()}
    return {
        "$schema": DIALECT,
        "title": "An exported session",
        **object_schema(
            {
                "schema": {"const": SESSION_SCHEMA},
                **branch,
                "branches": {"type": "array", "items": {"$ref": "#/$defs/branch"}},
                "nodes": {"type": "array", "items": {"$ref": "#/$defs/node"}},
            },
            required=["schema", *branch, "branches", "nodes"],
        ),
        "$defs": {
            "branch": {"description": described["branch"], **object_schema(branch, required=[*branch])},
            "node": {"description": described["node"], **object_schema({n: node[n] for n in NODE_KEYS}, [*NODE_KEYS])},
            "piece": {"description": described["piece"], **object_schema({**piece, "bound_to": bound_to}, ["kind"])},
        },
    }


def _named(definition: dict[str, Any], schema: str) -> None:
    definition["properties"] = {"schema": {"const": schema}, **definition["properties"]}
    definition["required"] = ["schema", *definition["required"]]


if __name__ == "__main__":
    main()
