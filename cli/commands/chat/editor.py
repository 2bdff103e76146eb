"""The line editor of a chat on a terminal: several lines, completion, and a draft that is kept as it grows."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from types import FrameType

from prompt_toolkit import PromptSession
from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.output import create_output

from ....engine.sessions.drafts import Draft
from ....providers.untrusted import one_line
from .completion import Proposal
from .mentions import words_of

Complete = Callable[[str], Sequence[Proposal]]
MENU_LINES = 6


class Editor:
    """Messages from a terminal. `keep` hears of the text each time that it changes."""

    is_typed = can_recall = True

    def __init__(self, complete: Complete, keep: Callable[[Draft], object]) -> None:
        self._keep = keep
        self._pasted: frozenset[str] = frozenset()
        self._session: PromptSession[str] = PromptSession(
            multiline=True,
            key_bindings=_keys(self._paste),
            completer=_Completer(complete),
            complete_while_typing=Condition(self._is_command),
            history=InMemoryHistory(),
            output=create_output(stdout=sys.stderr),
            prompt_continuation="... ",
            reserve_space_for_menu=MENU_LINES,
            enable_suspend=True,
        )
        self._session.default_buffer.on_text_changed += self._changed

    def read(self, who: str, draft: Draft) -> Draft | None:
        self._pasted |= draft.pasted
        with _ended_by_sigterm(self._session.app) as leave_at_once:
            try:
                text = self._session.prompt([("bold", f"{one_line(who)}> ")], default=draft.text, pre_run=leave_at_once)
            except EOFError:
                return None
        return Draft(text, self._pasted)

    def _changed(self, buffer: Buffer) -> None:
        self._keep(Draft(buffer.text, self._pasted & words_of(buffer.text)))

    def _paste(self, data: str) -> None:
        self._pasted |= words_of(data)

    def _is_command(self) -> bool:
        return self._session.default_buffer.text.startswith("/")


class _Completer(Completer):
    def __init__(self, complete: Complete) -> None:
        self._complete = complete

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        for one in self._complete(document.text_before_cursor):
            yield Completion(one.text, -one.replaced, display=one_line(one.text), display_meta=one_line(one.about))


def _keys(paste: Callable[[str], None]) -> KeyBindings:
    """Enter sends; Alt-Enter and a backslash before Enter begin another line.

    What was typed while an answer came has its Enter as a Ctrl-J: the terminal was not ours then.
    """
    keys = KeyBindings()

    def enter(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.document.text_before_cursor.endswith("\\"):
            buffer.delete_before_cursor()
            buffer.newline(copy_margin=False)
        else:
            buffer.validate_and_handle()

    def another_line(event: KeyPressEvent) -> None:
        event.current_buffer.newline(copy_margin=False)

    def pasted(event: KeyPressEvent) -> None:
        text = event.data.replace("\r\n", "\n").replace("\r", "\n")
        paste(text)
        event.current_buffer.insert_text(text)

    keys.add(Keys.Enter)(enter)
    keys.add(Keys.ControlJ)(enter)
    keys.add(Keys.Escape, Keys.Enter)(another_line)
    keys.add(Keys.BracketedPaste)(pasted)
    return keys


@contextmanager
def _ended_by_sigterm(editor: Application[str]) -> Generator[Callable[[], None]]:
    """While somebody types, SIGTERM ends the program and leaves the terminal as it was.

    Nothing is raised where the signal finds the program: that may be a callback whose errors are dropped. What is
    given ends an editor that begins when the signal has come already.
    """
    heard = list[int]()

    def hear(number: int, frame: FrameType | None) -> None:
        heard.append(number)
        if (loop := editor.loop) is not None:
            with suppress(RuntimeError):  # it is closed: the editor has ended by itself
                loop.call_soon_threadsafe(leave)

    def leave() -> None:
        if heard and editor.is_running and not editor.is_done:
            editor.exit(result="")

    before = signal.signal(signal.SIGTERM, hear)
    try:
        yield leave
    finally:
        signal.signal(signal.SIGTERM, before)
        if heard:
            raise SystemExit(128 + heard[0])
