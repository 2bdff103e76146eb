"""The line editor: what ends it."""

from __future__ import annotations

import signal

import pytest
from prompt_toolkit import PromptSession
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from thinkdial.cli.commands.chat.editor import Editor, _ended_by_sigterm
from thinkdial.engine.sessions.drafts import Draft


def editor(kept: list[str]) -> Editor:
    return Editor(lambda _: (), lambda draft: kept.append(draft.text))


def test_a_sigterm_ends_it_also_where_errors_are_dropped() -> None:
    """In a callback of a weak reference, say; it raises nothing where it finds the program."""
    kept: list[str] = []
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        typed = editor(kept)
        typed._session.default_buffer.on_text_changed += lambda _: _dropped()
        keys.send_text("a")
        with pytest.raises(SystemExit) as ended:
            typed.read("x", Draft())
        assert ended.value.code == 128 + signal.SIGTERM and kept[-1] == "a"


def test_one_that_comes_before_it_begins_ends_it() -> None:
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        session: PromptSession[str] = PromptSession()
        with pytest.raises(SystemExit), _ended_by_sigterm(session.app) as leave_at_once:
            signal.raise_signal(signal.SIGTERM)
            assert session.prompt(pre_run=leave_at_once) == ""


def _dropped() -> None:
    try:
        signal.raise_signal(signal.SIGTERM)
    except BaseException:
        pytest.fail("the signal raised something, which is lost here")


def test_what_is_typed_is_kept_and_given() -> None:
    kept: list[str] = []
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        keys.send_text("ab\r")
        draft = editor(kept).read("x", Draft())
    assert draft is not None and draft.text == "ab" and "ab" in kept
