"""What was typed for one call or several, read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct

from ...options import UNCHECKED, CheckOptions, Format, KeepOptions, PrintOptions, SendOptions
from ...talk_options import ALONE, TalkOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from ....engine.planning.prepare import Prompt
    from ....engine.runs.jobs import Options
    from ....engine.sessions.tool_outputs import Outputs
    from ....profiles.config import Config


PromptTemplateName = Annotated[
    str | None,
    typer.Option("-T", "--use", metavar="NAME", help="Put the prompt into this template of your configuration."),
]
PromptFields = Annotated[
    list[str] | None,
    typer.Option("--var", "-v", metavar="NAME=VALUE", help="A field for the template of -T; repeatable."),
]
InEditor = Annotated[bool, typer.Option("--edit", "-e", help="Write the prompt in your editor ($VISUAL, $EDITOR).")]


class PromptOptions(Struct, frozen=True):
    """How the prompt comes about, beside what is typed."""

    template: PromptTemplateName = None
    var: PromptFields = None
    edit: InEditor = False

    @property
    def is_plain(self) -> bool:
        """Whether it is what was given, and nothing else."""
        return self.template is None and not self.var and not self.edit


TYPED = PromptOptions()


class Inquiry(Struct, frozen=True):
    """The prompt, and all that was said of how it is sent, shown and kept."""

    settings: Config
    prompt: Prompt
    options: Options
    form: Format
    sending: SendOptions
    printing: PrintOptions
    keeping: KeepOptions
    command: str = "ask"
    talking: TalkOptions = ALONE
    checking: CheckOptions = UNCHECKED
    outputs: Outputs = ()
    """What tools gave that the last turn of the session has called, by the id or the name of the call."""


def outputs_in(said: list[str] | None) -> Outputs:
    """What --tool-output says. Raises `UsageError`."""
    if not said:
        return ()
    from ....engine.sessions.tool_outputs import written_outputs

    return written_outputs(said)


def prompt_of(
    prompting: PromptOptions, argument: str | None, sending: SendOptions, settings: Config, note: Callable[[str], None]
) -> Prompt:
    """The prompt as it was typed, or as it is composed of a template and in an editor. Raises `UsageError`."""
    from ...prompt import read_prompt, with_beside

    if prompting.is_plain:
        return read_prompt(argument, sending.file or [], sending.system, note, sending.beside)
    from .composition import composed_prompt

    composed = composed_prompt(
        prompting.template, prompting.var or (), argument, sending.file or [], sending.system, settings, note,
        in_editor=prompting.edit,
    )  # fmt: skip
    return with_beside(composed, sending.beside, note)
