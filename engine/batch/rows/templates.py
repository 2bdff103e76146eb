"""Prompts from templates: Jinja2 in its sandbox, where a name that a row does not have is an error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....providers.errors import UsageError
from .conversations import Template

OPTION = "--template"


def fields_in(text: str, name: str = OPTION) -> set[str]:
    """The fields that a template names. Raises `UsageError` for one that is not well formed."""
    from jinja2 import Environment, TemplateSyntaxError, meta

    try:
        return set(meta.find_undeclared_variables(Environment(autoescape=True).parse(text)))
    except TemplateSyntaxError as error:
        raise _not_well_formed(error.lineno, error.message, name) from None


def template_of(text: str, constants: Mapping[str, str], name: str = OPTION) -> Template:
    """`text` as a template over a row's fields; `constants` stand beside them, and a row's own fields win.

    A row's prompt is its `input` as well, unless it has such a field. `name` says which template is meant.

    Raises `UsageError` for a template that is not well formed. The template raises `ValueError`, in words.
    """
    from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, UndefinedError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)
    try:
        made = environment.from_string(text)
    except TemplateSyntaxError as error:
        raise _not_well_formed(error.lineno, error.message, name) from None

    def fill(fields: Mapping[str, Any]) -> str:
        try:
            own = {"input": fields["prompt"]} if "prompt" in fields else {}
            return made.render({**constants, **own, **fields})
        except UndefinedError as error:
            raise ValueError(f"the template: {error.message}; the row has {', '.join(fields) or 'no fields'}") from None
        except TemplateError as error:
            raise ValueError(f"the template: {error.message}") from None
        except (ArithmeticError, TypeError, ValueError, LookupError, AttributeError) as error:
            raise ValueError(f"the template: {type(error).__name__}: {error}") from None

    return fill


def _not_well_formed(line: int, problem: str | None, name: str) -> UsageError:
    return UsageError(f"{name}: line {line}: {problem}", hint="fields are written {{name}}")
