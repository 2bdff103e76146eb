"""A prompt that is composed: from a template of the configuration, or in an editor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ....engine.batch.rows.templates import fields_in, template_of
from ....engine.planning.prepare import Prompt, checked_text
from ....profiles.prompts.templates import INPUT, PromptTemplate, template_named
from ....providers.errors import UsageError
from ...prompt import read_given

if TYPE_CHECKING:
    from ....profiles.config import Config


def composed_prompt(
    template: str | None,
    variables: Sequence[str],
    argument: str | None,
    files: list[Path],
    system: str | None,
    config: Config,
    note: Callable[[str], None],
    *,
    in_editor: bool,
) -> Prompt:
    """What is sent: what was given, put into the template, and then changed in the editor, as far as that is wished.

    Raises `UsageError` for an empty prompt, and for a template without a value for one of its fields.
    """
    text = read_given(argument, files, note)
    if template is not None:
        found = template_named(template, config.templates)
        text = filled(found, dict(map(variable_of, variables)), text)
        system = system or found.system
    elif variables:
        raise UsageError("--var gives fields to a template, and there is none", hint="add -T NAME")
    if in_editor:
        from ...framework.text_editor import edited

        text = edited(text, "prompt.md", config).strip("\n")
    if not text.strip():
        raise UsageError("the prompt is empty: nothing was sent")
    return Prompt(checked_text(text, "the prompt"), checked_text(system, "--system") if system else None)


def filled(template: PromptTemplate, given: Mapping[str, str], text: str) -> str:
    """The template with its fields. What was given beside it is its `input`, else stands behind it."""
    name = f"template {template.name}"
    fields = fields_in(template.prompt, name)
    if unknown := [key for key in given if key not in fields]:
        from ....providers.errors import did_you_mean

        near = did_you_mean(unknown[0], fields)
        raise UsageError(
            f"{name} has no field {unknown[0]!r}{near}", hint=f"it has {', '.join(sorted(fields)) or 'none'}"
        )
    values = {**template.variables, **given}
    if INPUT in fields and INPUT not in values:
        if not text:
            raise UsageError(
                f"{name} needs text beside it", hint=f"thinkdial ask -T {template.name} 'text', or -f FILE"
            )
        values[INPUT] = text
    missing = sorted(fields - values.keys())
    if missing:
        raise UsageError(f"{name} needs {', '.join(missing)}", hint=" ".join(f"--var {field}=..." for field in missing))
    try:
        written = template_of(template.prompt, values, name)({})
    except ValueError as error:
        raise UsageError(str(error)) from None
    return written if INPUT in fields or not text else f"{written.rstrip()}\n\n{text}"


def variable_of(pair: str) -> tuple[str, str]:
    """A field for a template. Raises `UsageError` for what is none."""
    name, equals, value = pair.partition("=")
    if not equals or not name:
        raise UsageError(f"--var {pair}: is not NAME=VALUE")
    return name, value
