"""The options of commands that can go on with a session."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, cast

import typer
from msgspec import Struct

from ..profiles.state.context import ContextPolicy, KeepReasoning, WhenFull


class Mismatch(StrEnum):
    """What becomes of signed reasoning when that which was sent before it has changed."""

    ERROR = "error"
    DROP = "drop"


Session = Annotated[
    str | None, typer.Option("--session", metavar="NAME", help="In this session; ask begins it if it is new.")
]
GoOn = Annotated[bool, typer.Option("--continue", "-c", help="In the session that was used last.")]
CarryReasoning = Annotated[
    bool,
    typer.Option(
        "--carry-reasoning", help="In a session: readable reasoning that cannot go back goes along as a labelled note."
    ),
]
OnMismatch = Annotated[
    Mismatch | None,
    typer.Option(
        "--on-mismatch", help="In a session: signed reasoning whose prefix has changed is left out, or is an error."
    ),
]


class KeptReasoning(StrEnum):
    """Of which turns reasoning stays."""

    PROVIDER = "provider"
    ALL = "all"
    LAST = "last"
    NONE = "none"


class FullContext(StrEnum):
    """What happens to a session that no longer fits."""

    REFUSE = "refuse"
    TRIM = "trim"
    COMPACT = "compact"


ContextTokens = Annotated[
    int | None, typer.Option("--context-tokens", min=1, metavar="N", help="Most input tokens of a session's call.")
]
ContextReasoning = Annotated[
    KeptReasoning | None, typer.Option("--context-reasoning", help="Of which turns of a session reasoning goes back.")
]
ContextFull = Annotated[
    FullContext | None, typer.Option("--context-full", help="What to do with a session that no longer fits.")
]
ContextSummary = Annotated[
    str | None,
    typer.Option("--context-summary", metavar="NAME", help="Who sums up what the provider cannot compact itself."),
]


class TalkOptions(Struct, frozen=True):
    """Which session the command goes on with, if any, and what goes along."""

    session: Session = None
    go_on: GoOn = False
    carry_reasoning: CarryReasoning = False
    on_mismatch: OnMismatch = None
    context_tokens: ContextTokens = None
    context_reasoning: ContextReasoning = None
    context_full: ContextFull = None
    context_summary: ContextSummary = None

    @property
    def policy(self) -> ContextPolicy:
        """What was said of the session's context, for this call alone."""
        keep = cast("KeepReasoning | None", self.context_reasoning and str(self.context_reasoning))
        full = cast("WhenFull | None", self.context_full and str(self.context_full))
        return ContextPolicy(self.context_tokens, keep, full, self.context_summary)

    def in_session(self) -> bool:
        """Whether the command is one of a session. Raises `UsageError` for two of them, and for what needs one."""
        from ..providers.errors import UsageError

        if self.session is not None and self.go_on:
            raise UsageError("--session NAME names a session, -c takes the latest: say one of them")
        wanted = self.session is not None or self.go_on
        for option, given in (
            ("--carry-reasoning", self.carry_reasoning), ("--on-mismatch", self.on_mismatch),
            ("--context-tokens", self.context_tokens), ("--context-reasoning", self.context_reasoning),
            ("--context-full", self.context_full), ("--context-summary", self.context_summary),
        ):  # fmt: skip
            if given and not wanted:
                raise UsageError(f"{option} is about earlier turns", hint="say in which session: --session NAME, or -c")
        return wanted


ALONE = TalkOptions()
