"""The `templates:` of a configuration: prompts with fields, under names."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from ...providers.errors import ConfigError, did_you_mean
from ..sections.section import Section
from ..trust import refused

TEMPLATE_KEYS = ("prompt", "system", "vars", "description")
INPUT = "input"
"""The field for what is given beside a template: the prompt's argument, files, standard input, or the row's prompt."""


class PromptTemplate(Struct, frozen=True):
    """A prompt in Jinja2's words. `variables` are values of fields where nobody gives others.

    `blocked` says why it may not be used: like a system prompt, a template of a project's file needs trust.
    """

    name: str
    prompt: str
    system: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    description: str | None = None
    place: str = ""
    blocked: ConfigError | None = None


def read_templates(
    section: Section, base: Mapping[str, PromptTemplate], *, trusted: bool
) -> Mapping[str, PromptTemplate]:
    """`base` with the templates of one file, each of them whole. Raises `ConfigError`."""
    found = dict(base)
    for name in section:
        if not name or any(letter.isspace() or not letter.isprintable() for letter in name):
            raise section.bad(name, "a name must not be empty or hold white space")
        found[name] = _template(name, section, None if trusted else refused(section, name))
    return found


def template_named(name: str, templates: Mapping[str, PromptTemplate]) -> PromptTemplate:
    """The template `name`. Raises `ConfigError` where there is none, or its file is not trusted."""
    if name not in templates:
        raise ConfigError(
            f"no template is called {name!r}{did_you_mean(name, templates)}",
            hint=f"there are {', '.join(templates)}"
            if templates
            else "templates stand under `templates:` in a configuration",
        )
    if (blocked := templates[name].blocked) is not None:
        raise blocked
    return templates[name]


def _template(name: str, listed: Section, blocked: ConfigError | None) -> PromptTemplate:
    place = f"{listed.where(name).file}:{listed.where(name).line}"
    if not isinstance(listed.plain(name), dict):
        text = listed.text(name)
        if not text:
            raise listed.bad(name, "must be a prompt, or a mapping with one")
        return PromptTemplate(name, text, place=place, blocked=blocked)
    section = listed.section(name)
    if section is None:
        raise listed.bad(name, "is empty; a template needs a prompt")
    section.only(TEMPLATE_KEYS)
    prompt, variables = section.text("prompt"), section.section("vars")
    if not prompt:
        raise section.bad("prompt", "is missing")
    values = {key: variables.text(key) or "" for key in variables} if variables is not None else {}
    return PromptTemplate(
        name, prompt, section.text("system"), values, section.text("description"), place, blocked
    )  # fmt: skip
