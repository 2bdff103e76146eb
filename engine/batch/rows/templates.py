"""Prompts from templates: Jinja2 in its sandbox, where a name that a row does not have is an error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....providers.errors import UsageError
from .conversations import Template


def template_of(text: str, constants: Mapping[str, str]) -> Template:
    """`text` as a template over a row's fields; `constants` stand beside them, and a row's own fields win.

    Raises `UsageError` for a template that is not well formed. The template raises `ValueError`, in words.
    """
    from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, UndefinedError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)
    try:
        made = environment.from_string(text)
    except TemplateSyntaxError as error:
        raise UsageError(
            f"--template: line {error.lineno}: {error.message}", hint="fields are written {{name}}"
        ) from None

    def fill(fields: Mapping[str, Any]) -> str:
        try:
            return made.render({**constants, **fields})
        except UndefinedError as error:
            raise ValueError(f"the template: {error.message}; the row has {', '.join(fields) or 'no fields'}") from None
        except TemplateError as error:
            raise ValueError(f"the template: {error.message}") from None
        except (ArithmeticError, TypeError, ValueError, LookupError, AttributeError) as error:
            raise ValueError(f"the template: {type(error).__name__}: {error}") from None

    return fill
