"""What is wrong with a command line, in words that help: what was meant, and what stands behind `--`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ...providers.errors import did_you_mean

_NO_CHOICE = re.compile(r"'(?P<word>.*)' is not one of (?P<choices>'.*')\.?", re.DOTALL)


def hinted(error: Any, command: Any, ctx: Any, given: Sequence[str]) -> Any:
    """`error` with the nearest thing that exists, and with a hint where a prompt was taken for options."""
    if (unknown := getattr(error, "option_name", None)) is not None and hasattr(error, "possibilities"):
        error.possibilities = None
        error.message = error.message.rstrip(".") + _option_hint(unknown, command, ctx, given)
        return error
    message = str(error.message).removeprefix("Value error, ")
    if (found := _NO_CHOICE.search(message)) is not None:
        choices = found["choices"].strip("'").split("', '")
        near = did_you_mean(found["word"].lower(), choices)
        message = f"{found['word']!r} is not one of {', '.join(choices)}{near}."
    if (name := _variable(error, ctx)) is not None:
        message = f"{message.rstrip('.')} (it comes from the variable {name})."
    error.message = message
    return error


def _variable(error: Any, ctx: Any) -> str | None:
    """The variable that a bad value came from; None where it was typed."""
    parameter = getattr(error, "param", None)
    if parameter is None:
        return None
    source = ctx.get_parameter_source(parameter.name)
    return str(parameter.envvar) if getattr(source, "name", "") == "ENVIRONMENT" else None


def _option_hint(unknown: str, command: Any, ctx: Any, given: Sequence[str]) -> str:
    parameters = command.get_params(ctx)
    whole = next((word for word in given if word.startswith(unknown[:2]) and any(map(str.isspace, word))), None)
    prompt = any(one.param_type_name == "argument" and one.metavar == "PROMPT" for one in parameters)
    behind = f" (text that begins with - stands behind --, at the end: {ctx.command_path} -- '-...')"
    if prompt and (whole is not None or unknown[1:2].isdigit()):
        return behind
    long = [name for one in parameters for name in (*one.opts, *one.secondary_opts) if name.startswith("--")]
    near = did_you_mean(unknown, long)
    return near or (behind if prompt else "")
