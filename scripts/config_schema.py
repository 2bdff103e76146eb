"""The JSON Schema of the YAML configuration."""

from __future__ import annotations

from typing import Any, get_args

from config_words import SCHEMA_ID, with_words
from schema_objects import DIALECT, object_schema

from thinkdial.engine.checks.expectation import KINDS, MODIFIERS
from thinkdial.profiles import budget_rules, config, facts
from thinkdial.profiles.card import AfterEnd, Control
from thinkdial.profiles.cards.own_models import OWN_KEYS
from thinkdial.profiles.checks.definitions import CHECK_KEYS, JUDGE_KEYS
from thinkdial.profiles.own_profiles.reader import PROFILE_KEYS
from thinkdial.profiles.price_list import LONG_PROMPT_KEYS, PRICE_KEYS
from thinkdial.profiles.profile import CallLimits
from thinkdial.profiles.prompts.templates import TEMPLATE_KEYS
from thinkdial.profiles.settings import history_settings
from thinkdial.profiles.settings.limiter_settings import LIMITER_KEYS, UNREACHABLE
from thinkdial.profiles.state.context import KeepReasoning, WhenFull
from thinkdial.profiles.tools.own_tools import COMMAND_TOOL_KEYS, MCP_SERVER_KEYS, MOST_TOOL_OUTPUT, MOST_TOOL_S
from thinkdial.profiles.tools.server_tools import tool_names
from thinkdial.providers.registry import NAMES as DIALECTS
from thinkdial.providers.schema import Visibility
from thinkdial.providers.think import THINKING_LEVELS, Level

THINK_PATTERN = (
    "^(auto|"
    + "|".join(level.value for level in Level)
    + r"|~?[0-9]{1,9}k?|~\$([0-9]{1,6}(\.[0-9]{1,9})?|\.[0-9]{1,9}))$"
)


def config_schema() -> dict[str, Any]:
    """The schema of the YAML configuration, with the names of the shipped providers and dialects as hints."""
    text, whole, flag, seconds = {"type": "string"}, {"type": "integer", "minimum": 0}, {"type": "boolean"}, _seconds()
    texts = {"anyOf": [text, {"type": "array", "items": text}]}
    think = {"anyOf": [{"type": "string", "pattern": THINK_PATTERN}, {"type": "integer", "minimum": 0}]}
    amount = {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string"}]}
    kinds: dict[str, Any] = {
        "provider": {"type": "string", "examples": sorted(facts.providers())},
        "model": text,
        "think": think,
        "dialect": {"enum": list(DIALECTS)},
        "base_url": {"type": "string", "pattern": "^https?://"},
        "stream": flag,
        "max_output_tokens": {"type": "integer", "minimum": 1},
        "timeout": seconds,
        "total_timeout": seconds,
        "retries": {"type": "integer", "minimum": 0, "maximum": 20},
        "api_key_env": texts,
        "api_key_command": texts,
        "allow_insecure": flag,
        "headers": {"type": "object", "additionalProperties": text},
        "params": {"type": "object"},
        "price": _price(amount),
        "limits": object_schema({name: {"type": "integer", "minimum": 1} for name in CallLimits.__struct_fields__}),
        "system": text,
        "endpoint": {"type": "object", "additionalProperties": text},
        "known_as": text,
        "emulate": flag,
        "cache": {"enum": ["on", "off", True, False]},
        "context": object_schema(
            {
                "max_input_tokens": {"type": "integer", "minimum": 1},
                "keep_reasoning": {"enum": list(get_args(KeepReasoning))},
                "when_full": {"enum": list(get_args(WhenFull))},
                "summary_profile": text,
            }
        ),
        "simulated": text,
        "quirks": {"type": "object"},
        "thinking": {"type": "object"},
        "expect": {"anyOf": [{"type": ["string", "number"]}, object_schema(_expected())]},
        "schema": {"type": ["object", "string"]},
        "server_tools": {"type": "array", "items": {"enum": list(tool_names())}},
        "tools": {"type": ["object", "string", "array"]},
        "tool_choice": {"type": "string"},
    }
    profile = object_schema({key: kinds[key] for key in PROFILE_KEYS})
    defaults = object_schema(
        {**{key: kinds[key] for key in config.DEFAULT_KEYS if key in kinds}, "profile": texts, "history": flag}
    )
    budgets = {level.value: {"type": "integer", "minimum": 1} for level in Level if level not in (Level.OFF, Level.MAX)}
    tops: dict[str, Any] = {
        "defaults": defaults,
        "profiles": {"type": "object", "additionalProperties": profile},
        "groups": {"type": "object", "additionalProperties": texts},
        "providers": {"type": "object"},
        "spellings": {"type": "object"},
        "reference": object_schema({"budgets": object_schema(budgets), "answer_tokens": whole}),
        "budget": _budget(amount),
        "prices": {"type": "object", "additionalProperties": _price(amount)},
        "history": {"anyOf": [flag, _history(flag)]},
        "models": {"type": "object", "additionalProperties": _own_model(amount)},
        "checks": {"type": "object", "additionalProperties": _check()},
        "templates": {"type": "object", "additionalProperties": _template()},
        "tools": {"type": "object", "additionalProperties": _own_tool()},
        "mcp_servers": {"type": "object", "additionalProperties": _mcp_server()},
        "limiter": {"anyOf": [_limiter(), {"type": "null"}]},
    }
    return {
        "$schema": DIALECT,
        "$id": SCHEMA_ID,
        "title": "thinkdial configuration",
        **with_words(object_schema({key: tops[key] for key in config.TOP_KEYS})),
    }


def _own_tool() -> dict[str, Any]:
    variables: dict[str, Any] = {"type": "object", "additionalProperties": {"type": "string"}}
    kinds: dict[str, Any] = {
        "command": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "description": {"type": "string"},
        "parameters": {"type": "object"},
        "timeout": {"type": "number", "exclusiveMinimum": 0, "maximum": MOST_TOOL_S},
        "max_output": {"type": "integer", "minimum": 1, "maximum": MOST_TOOL_OUTPUT},
        "env": variables,
    }
    return object_schema({key: kinds[key] for key in COMMAND_TOOL_KEYS}, required=["command"])


def _mcp_server() -> dict[str, Any]:
    kinds = _own_tool()["properties"] | {"url": {"type": "string", "pattern": "^https?://"}}
    return object_schema({key: kinds[key] for key in MCP_SERVER_KEYS})


def _limiter() -> dict[str, Any]:
    text: dict[str, Any] = {"type": "string"}
    kinds = {
        "url": {"type": "string", "pattern": "^(unix|tcp|tls)://"}, "token_env": text, "ca": text,
        "unreachable": {"enum": list(UNREACHABLE)},
    }  # fmt: skip
    return object_schema({key: kinds[key] for key in LIMITER_KEYS})


def _price(amount: dict[str, Any], *, in_batch: bool = False) -> dict[str, Any]:
    above: dict[str, Any] = {"type": "integer", "minimum": 0}
    long_prompt = object_schema(
        {key: above if key == "above_tokens" else amount for key in LONG_PROMPT_KEYS},
        required=["above_tokens", "input", "output"],
    )
    kinds: dict[str, Any] = {"long_prompt": long_prompt}
    if not in_batch:
        kinds["batch"] = {"anyOf": [*amount["anyOf"], _price(amount, in_batch=True)]}
    keys = [key for key in PRICE_KEYS if key != "batch" or not in_batch]
    return object_schema({key: kinds.get(key, amount) for key in keys}, required=["input", "output"])


def _budget(amount: dict[str, Any]) -> dict[str, Any]:
    allowance = object_schema(dict.fromkeys(budget_rules.ALLOWANCE_KEYS, amount))
    named: dict[str, Any] = {"type": "object", "additionalProperties": allowance}
    kinds: dict[str, Any] = {"on_exceed": {"enum": list(budget_rules.ON_EXCEED)}, "profiles": named, "groups": named}
    return object_schema({key: kinds.get(key, amount) for key in budget_rules.BUDGET_KEYS})


def _history(flag: dict[str, Any]) -> dict[str, Any]:
    limit: dict[str, Any] = {"type": ["integer", "null"], "minimum": 1}
    return object_schema({key: flag if key == "enabled" else limit for key in history_settings.HISTORY_KEYS})


def _own_model(amount: dict[str, Any]) -> dict[str, Any]:
    text, whole, flag = {"type": "string"}, {"type": "integer", "minimum": 0}, {"type": "boolean"}
    texts = {"anyOf": [text, {"type": "array", "items": text}]}
    kinds: dict[str, Any] = {
        "price": _price(amount),
        "control": {"enum": list(get_args(Control))},
        "levels": {"type": "array", "items": {"enum": [level.value for level in THINKING_LEVELS]}},
        "absent": {"enum": ["on", *(level.value for level in Level)]},
        "visibility": {"enum": list(get_args(Visibility))},
        "then": {"enum": list(get_args(AfterEnd))},
        "budget": object_schema({"min": whole, "max": whole, "below_output_limit": flag}, required=["min", "max"]),
        "off": {"type": "object"},
        "spelling": {"type": "object", "additionalProperties": text},
        **dict.fromkeys(("can_be_off", "output_limit_covers_thinking", "inline_think"), flag),
        **dict.fromkeys(("context_tokens", "max_output_tokens", "min_output_limit", "token_percent"), whole),
        **dict.fromkeys(("like", "retires", "retired", "successor", "notes"), text),
    }
    return object_schema({key: kinds.get(key, texts) for key in OWN_KEYS})


def _expected() -> dict[str, Any]:
    text: dict[str, Any] = {"type": "string"}
    texts = {"anyOf": [text, {"type": "array", "items": text}]}
    number = {"type": ["number", "string"]}
    kinds: dict[str, Any] = {
        "exact": text,
        "regex": text,
        "schema": {"type": ["string", "object", "boolean", "null"]},
        "agree": number,
        "ignore_case": {"type": "boolean"},
        **{key: {"type": "number"} for key in ("number", "tolerance", "relative_tolerance")},
    }
    return {name: kinds.get(name, texts) for name in (*KINDS, *MODIFIERS)}


def _check() -> dict[str, Any]:
    text: dict[str, Any] = {"type": "string"}
    judge = {key: {"type": "integer", "minimum": 0} if key == "least" else text for key in JUDGE_KEYS}
    kinds: dict[str, Any] = {
        "command": {"anyOf": [text, {"type": "array", "items": text}]},
        "timeout": _seconds(),
        "agree": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
        "judge": object_schema(judge, required=["profile", "question"]),
    }
    return object_schema({key: kinds[key] for key in CHECK_KEYS})


def _template() -> dict[str, Any]:
    text: dict[str, Any] = {"type": "string"}
    values = {"type": "object", "additionalProperties": {"type": ["string", "number"]}}
    whole = object_schema({key: values if key == "vars" else text for key in TEMPLATE_KEYS}, required=["prompt"])
    return {"anyOf": [text, whole]}


def _seconds() -> dict[str, Any]:
    return {"type": "number", "exclusiveMinimum": 0}
