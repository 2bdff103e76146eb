"""`thinkdial.Session`: a conversation in the history, for programs without an event loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, Unpack, cast

from ..profiles.config import Config
from ..providers.turns.turn import Turn, plain_text
from .call_options import (
    CALL_OPTIONS,
    CLIENT_OPTIONS,
    PLAN_OPTIONS,
    CallOptions,
    ClientOptions,
    PlanOptions,
    RunOptions,
    ThinkValue,
    check_names,
)
from .client import Client
from .results.result import Result, Run
from .runs.forecasts import unheard
from .runs.money import usd_of
from .sessions import queries
from .sessions.conversation import Conversation
from .sessions.forms.form import FormName
from .sessions.names import checked_name
from .sessions.settings import SessionSettings
from .single_calls import alone, ask, compare, plan

if TYPE_CHECKING:
    from .history.conversations.rows import StoredTurn
    from .runs.plans import Plans

_OWN = frozenset({"session"})
"""What a session says of its calls itself."""


@dataclass(frozen=True, slots=True)
class SessionTurn:
    """What was said in one turn. `number` counts from 1; `run` is its place in the history.

    `profile`, `think`, `run` and `usd` are None where they are not known: of what was imported, say. `is_cut`: the
    answer has not ended by itself. `said` has all pieces of both sides, and where the answer came from.
    """

    number: int
    prompt: str
    answer: str
    profile: str | None
    think: str | None
    model: str
    run: int | None
    usd: Decimal | None
    is_cut: bool
    said: Turn = field(repr=False)


class Session:
    """A conversation that moves between providers: the session of that name, or without a name the latest one.

    A name that nobody has begins with the first `ask`. Each call is made as `thinkdial.ask` and `thinkdial.compare`
    make theirs; `config` and the options of a client hold for every one of them. For many calls at once, or on an
    event loop, there is `Client.ask(..., session=NAME)`.

    Raises `StoreError` for a history that cannot be used, and for a session that is not there or in use.
    """

    def __init__(
        self, name: str | None = None, *, config: str | Path | Config | None = None, **options: Unpack[ClientOptions]
    ) -> None:
        check_names(options, CLIENT_OPTIONS, "Session")
        self._name = queries.named_conversation(None).name if name is None else checked_name(name)
        self._config = config
        self._options = options

    @classmethod
    def begin(
        cls,
        name: str,
        *,
        system: str | None = None,
        from_run: str | int | None = None,
        max_cost_in_all: Decimal | float | str | None = None,
        config: str | Path | Config | None = None,
        **options: Unpack[ClientOptions],
    ) -> Self:
        """A new session, empty or with the stored answer that `RUN[:PROFILE[@THINK]]` names, which is not paid again.

        `system` is the system prompt of all its turns, `max_cost_in_all` the most in USD that they may cost together:
        a turn that would pass it raises `BudgetError`. Raises `StoreError` where the name is taken.
        """
        most = None if max_cost_in_all is None else usd_of(max_cost_in_all, "max_cost_in_all")
        settings = SessionSettings(system=system, max_cost_usd=most)
        made = queries.make_session(name, settings, None if from_run is None else str(from_run))
        return cls(made.name, config=config, **options)

    @classmethod
    def load(
        cls,
        file: str | Path | bytes,
        name: str | None = None,
        *,
        form: FormName | None = None,
        own: bool = False,
        config: str | Path | Config | None = None,
        **options: Unpack[ClientOptions],
    ) -> Self:
        """A new session of a file, or of its bytes: an exported session, Markdown, or a list of messages of four APIs.

        The form is told by the content. What only a provider can read is kept and sent to nobody, unless `own` says
        that the file is one's own export from another machine; what was left out goes to `note`. Raises `UsageError`
        with file, place and reason, `StoreError` where the name is taken.
        """
        from .sessions.transfer import STANDARD_INPUT, as_own, import_session, read_file, read_path

        if isinstance(file, bytes):
            read = read_file(file, STANDARD_INPUT, form, name)
        else:
            read = read_path(Path(file), form, name)
        note = options.get("note", unheard)
        for remark in read.remarks:
            note(remark)
        made = import_session(as_own(read) if own else read, name)
        for old, new in made.renamed:
            note(f"the fork {old} is called {new}, because its name was taken")
        return cls(made.conversation.name, config=config, **options)

    @staticmethod
    def names() -> list[str]:
        """The names of all sessions, the one that was used last first."""
        return [row.name for row in queries.listed_sessions()]

    @property
    def name(self) -> str:
        return self._name

    @property
    def turns(self) -> tuple[SessionTurn, ...]:
        """What was said, from the first turn to the last; nothing for a session that has not begun."""
        if (conversation := self._conversation()) is None:
            return ()
        nodes = [node for node in conversation.way if node.kind == "turn" and node.turn is not None]
        return tuple(_session_turn(turn, node) for turn, node in zip(conversation.turns, nodes, strict=True))

    @property
    def profile(self) -> str | None:
        """The profile that goes on where nothing else is said; None before the first turn."""
        conversation = self._conversation()
        return None if conversation is None else conversation.settings.profile

    def ask(
        self,
        prompt: str,
        profile: str | None = None,
        *,
        think: ThinkValue | None = None,
        **options: Unpack[CallOptions],
    ) -> Result:
        """The next turn: of `profile`, else of the profile and with the think value of the last one."""
        return ask(prompt, profile, think=think, config=self._config, **self._with(options))

    def compare(
        self,
        prompt: str,
        profiles: str | Sequence[str] = (),
        *,
        think: ThinkValue | Sequence[ThinkValue] | None = None,
        **options: Unpack[CallOptions],
    ) -> Run:
        """The same prompt, after the same turns, to many. The session stays as it is until one answer is picked."""
        return compare(prompt, profiles, think=think, config=self._config, **self._with(options))

    def plan(
        self,
        prompt: str,
        profiles: str | Sequence[str] = (),
        *,
        think: ThinkValue | Sequence[ThinkValue] | None = None,
        **options: Unpack[PlanOptions],
    ) -> Plans:
        """What the next turn would send, what becomes of earlier pieces, and what it may cost. Needs no network."""
        check_names(options, PLAN_OPTIONS - _OWN, "Session.plan")
        given = cast("PlanOptions", {**options, "session": self._name})
        return plan(prompt, profiles, think=think, config=self._config, **given)

    def compact(self, profile: str | None = None) -> Result:
        """Make the earlier turns short: by the provider itself, or by a summary of `profile`. They stay in the tree.

        Raises `StoreError` where no compaction came.
        """

        async def call() -> Result:
            async with Client(self._config, **self._options) as client:
                return await client.compact(self._name, profile)

        return alone("Session.compact", call)

    def pick(self, profile: str = "") -> SessionTurn:
        """Go on with the answer of `PROFILE[@THINK]` in the latest comparison; the turn that it has become.

        Raises `UsageError` where there is no such answer, or more than one.
        """
        queries.pick_answer(self._name, profile)
        return self.turns[-1]

    def fork(self, name: str, at: int | None = None) -> Session:
        """A second session that goes on after turn `at`, or after the last one. Nothing is copied."""
        queries.fork_session(self._name, name, at)
        return Session(name, config=self._config, **self._options)

    def rewind(self, back: int = 1, *, to: int | None = None) -> None:
        """Go back by turns, or to after turn `to` (0 is before the first). What is left stays in the tree."""
        queries.rewind_session(self._name, to=to, back=back)

    def rename(self, name: str) -> None:
        """Give the session another name. Raises `StoreError` where that is taken."""
        queries.rename_session(self._name, name)
        self._name = checked_name(name)

    def remove(self) -> int:
        """Forget the session, and the turns that no fork needs; how many those were. Runs stay in the history."""
        return queries.forget_session(self._name)

    def export(self, form: FormName = "thinkdial", *, whole: bool = True) -> str:
        """The text of a file: every piece of state (`thinkdial`), to be read (`md`), or the messages of an API.

        `whole` False leaves out what was forked or left behind; all other forms hold the way alone. What is not in it
        goes to `note`.
        """
        from .sessions.transfer import export_session

        written = export_session(self._name, form, whole=whole)
        for remark in written.remarks:
            self._options.get("note", unheard)(remark)
        return written.text

    def document(self) -> dict[str, Any]:
        """`thinkdial.session-tree/1`: all turns of the tree, and the sessions that stand in it."""
        from .sessions.documents import tree_document

        return tree_document(queries.session_tree(self._name))

    def __repr__(self) -> str:
        return f"Session({self._name!r})"

    def _conversation(self) -> Conversation | None:
        return queries.found_conversation(self._name)

    def _with(self, options: CallOptions) -> RunOptions:
        check_names(options, CALL_OPTIONS - _OWN, "a session")
        return cast("RunOptions", {**self._options, **options, "session": self._name})


def _session_turn(turn: Turn, node: StoredTurn) -> SessionTurn:
    facts = node.facts
    usd = facts.get("usd")
    return SessionTurn(
        number=turn.number,
        prompt=plain_text(turn.asked),
        answer=plain_text(turn.pieces),
        profile=facts.get("profile"),
        think=facts.get("think"),
        model=turn.origin.served or turn.origin.model,
        run=node.run,
        usd=None if usd is None else Decimal(usd),
        is_cut=turn.is_cut,
        said=turn,
    )
