"""Whether the model may call tools, must, must not, or must call one of them by its name. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from ...providers.errors import UsageError, did_you_mean

ChoiceMode = Literal["auto", "none", "any", "named"]
"""As it likes; no call; at least one; that one which is named."""

WORDS = ("auto", "none", "required")


class ToolChoice(Struct, frozen=True):
    """`name` is the tool that has to be called, where the mode is `named`."""

    mode: ChoiceMode = "auto"
    name: str | None = None

    @property
    def is_forced(self) -> bool:
        """Whether there has to be a call."""
        return self.mode in ("any", "named")

    @property
    def word(self) -> str:
        """As it is typed: `auto`, `none`, `required`, or the name of a tool."""
        return self.name if self.name is not None else "required" if self.mode == "any" else self.mode


def choice_of(said: str | None, names: Iterable[str], place: str) -> ToolChoice:
    """The choice of `auto`, `none`, `required` (or `any`), or the name of one of `names`. Raises `UsageError`.

    The words go before a tool of the same name.
    """
    known = tuple(names)
    if said is None or said == "auto":
        return ToolChoice()
    if said in ("required", "any"):
        return ToolChoice("any")
    if said == "none":
        return ToolChoice("none")
    if said in known:
        return ToolChoice("named", said)
    near = did_you_mean(said, [*known, *WORDS])
    hint = f"use {', '.join((*WORDS, *known))}"
    raise UsageError(f"{place}: {said[:80]!r} is no tool that is declared{near}", hint=hint)
