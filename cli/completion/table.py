"""The table of the program that completion reads: made of the commands themselves."""

from __future__ import annotations

from typing import Any

import typer

from ...engine.checks.expectation import KINDS
from ...providers.think import Level
from ..app import app
from .answer import DIRECTORIES, FILES

DAYS = ["today", "month", "24h", "7d", "4w"]
ROW_FORMS = ["jsonl", "csv"]

OPTION_KINDS: dict[str, Any] = {
    "--profile": "profile", "--context-summary": "profile", "--think": "thinks", "--can": "thinks",
    "--escalate": "levels", "--session": "session", "--from-run": "result", "--provider": "provider",
    "--use": "template", "--model": "model_id", "--format": ROW_FORMS, "--input-format": [*ROW_FORMS, "tsv", "lines"],
    "--via": ["provider"], "--engine": ["ray"], "--expect": [f"{kind}=" for kind in KINDS],
    "--since": DAYS, "--until": DAYS, "--before": DAYS,
    "--schema": FILES, "--tool": FILES, "--show-completion": ["bash", "zsh", "fish", "powershell"],
    "--install-completion": ["bash", "zsh", "fish", "powershell"],
}  # fmt: skip
"""What the value of an option is, where its type does not say it. What is not here is text."""

ARGUMENT_KINDS: dict[tuple[str, str], Any] = {
    ("", "FILE"): FILES, ("batch", "PART..."): FILES, ("chat", "NAME"): "session", ("session", "NAME"): "session",
    ("session", "[NAME]"): "session", ("session", "PROFILE[@THINK]"): "profile", ("diff", "RUN[:PROFILE]"): "result",
    ("history", "ID"): "run", ("batch", "ID"): "batch", ("keys", "NAME"): "keyed", ("profiles", "NAME"): "profile",
    ("templates", "NAME"): "template", ("models", "PATTERN"): "model_id", ("prices", "MODEL"): "model_id",
    ("config", "KEY"): "key", ("help", "[COMMAND]..."): "command",
}  # fmt: skip
"""What an argument is, by the first word of its command and its name in the help."""


def program_table() -> dict[str, Any]:
    """Commands with their options and arguments, and the think values."""
    group: Any = typer.main.get_group(app)
    root = _node(group, (), "")
    words = {level.value: "" for level in Level} | {"auto": "the provider's default", "8k": "a budget of 8192 tokens"}
    table = {"root": root, "think": list(words.items())}
    help_node = root["commands"]["help"]
    help_node["commands"] = {name: _only_commands(one) for name, one in root["commands"].items() if name != "help"}
    return table


def _only_commands(node: dict[str, Any]) -> dict[str, Any]:
    below = {name: _only_commands(one) for name, one in node.get("commands", {}).items()}
    return {"help": node["help"], "options": {}, **({"commands": below} if below else {})}


def _node(command: Any, path: tuple[str, ...], summary: str) -> dict[str, Any]:
    node: dict[str, Any] = {"help": summary, "options": {}}
    for one in command.params:
        if one.param_type_name == "option":
            told = {"help": _short(one.help)}
            if not one.is_flag:
                told["kind"] = option_kind(one)
            node["options"] |= dict.fromkeys((*one.opts, *one.secondary_opts), told)
        else:
            node.setdefault("arguments", []).append({"kind": argument_kind(one, path), "many": one.nargs == -1})
    node["options"]["--help"] = {"help": "Show help."}
    if hasattr(command, "commands"):
        summaries: dict[str, str] = getattr(command, "summaries", {})
        node["commands"] = {
            name: _node(below, (*path, name), summaries.get(name, "")) for name, below in command.commands.items()
        }
        if "run" in node["commands"]:
            node["default"] = "run"
    return node


def option_kind(one: Any) -> Any:
    """What the value of an option is."""
    long = next((name for name in one.opts if name.startswith("--")), one.opts[0])
    descriptor = one.type_descriptor
    if descriptor.is_choice:
        return [str(getattr(choice, "value", choice)) for choice in descriptor.choices or ()]
    if long in OPTION_KINDS:
        return OPTION_KINDS[long]
    if descriptor.is_path or descriptor.is_file or (one.metavar or "").split("|")[0] in ("FILE", "DIR"):
        return DIRECTORIES if one.metavar == "DIR" else FILES
    return "text"


def argument_kind(one: Any, path: tuple[str, ...]) -> Any:
    """What an argument is."""
    first = path[0] if path else ""
    return ARGUMENT_KINDS.get((first, one.metavar), ARGUMENT_KINDS.get(("", one.metavar), "text"))


def _short(text: str | None) -> str:
    words = " ".join((text or "").split())
    return words if len(words) <= 72 else f"{words[:71].rsplit(' ', 1)[0]}…"
