"""A chat as it is typed: on a terminal with the editor, and on one that cannot move its cursor."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from thinkdial.engine.history.store import database_path
from thinkdial.engine.sessions.drafts import draft_path, read_draft

Run = Callable[..., Any]
Turns = Callable[[str], list[dict[str, Any]]]
DUMB = pytest.param("dumb", marks=pytest.mark.slow)
TERMS = pytest.mark.parametrize("term", ["xterm-256color", DUMB])


@TERMS
@pytest.mark.parametrize("columns", [80, pytest.param(160, marks=pytest.mark.slow)])
def test_turns_are_typed_and_ctrl_d_leaves(screen: Run, turns: Turns, term: str, columns: int) -> None:
    chat = screen("tea", "-p", "a@low", columns=columns, env={"TERM": term})
    begun = chat.wait("a@low> ")
    assert "session tea · 0 turns · a@low" in begun and "Ctrl-D leaves" in begun
    chat.line("Is 91 prime?")
    answer = chat.answered("a@low")
    assert "Simulated answer" in answer and "reasoning tokens" in answer
    chat.line("/think high")
    chat.wait("a@high> ")
    chat.line("Why?")
    chat.answered("a@high")
    chat.line("/help")
    told = chat.wait("A message that begins with a slash.")
    assert max(map(len, told.replace("\r", "").split("\n"))) <= columns
    chat.wait("a@high> ")
    chat.keys("\x04")
    assert chat.end() == 0 and "Traceback" not in chat.shown
    assert [(turn["prompt"], turn["think"]) for turn in turns("tea")] == [("Is 91 prime?", "low"), ("Why?", "high")]


def test_a_session_that_is_opened_again_says_where_it_stands(screen: Run, cli: Run, sim: Path) -> None:
    cli("ask", "--session", "tea", "Is 91 prime?", "-p", "a@low", "--config", sim)
    chat = screen("tea")
    begun = chat.wait("a@low> ")
    assert "1 turn · a@low" in begun and "  1  Is 91 prime?" in begun and "     → " in begun


@pytest.mark.parametrize("term", ["xterm-256color", pytest.param("dumb", marks=pytest.mark.slow)])
def test_a_message_has_several_lines(screen: Run, turns: Turns, term: str) -> None:
    chat = screen("tea", "-p", "a", env={"TERM": term})
    chat.wait("a@auto> ")
    chat.line("one\\")
    chat.wait("... ")
    chat.line("two")
    chat.answered("a@auto")
    if term != "dumb":
        chat.keys("three\x1b\r")
        chat.wait("... ")
        chat.line("four")
        chat.answered("a@auto")
    chat.keys("\x04")
    assert chat.end() == 0
    assert [turn["prompt"] for turn in turns("tea")] == ["one\ntwo", "three\nfour"][: 1 + (term != "dumb")]


@TERMS
def test_ctrl_c_stops_the_answer_keeps_it_and_the_chat_goes_on(screen: Run, turns: Turns, term: str) -> None:
    chat = screen("tea", "-p", "stall", env={"TERM": term})
    chat.wait("stall@auto> ")
    chat.line("one")
    chat.wait("**one**" if term == "dumb" else "In brief, on one")
    chat.keys("\x03")
    chat.wait("stopped; what had come is kept")
    chat.wait("stall@auto> ")
    chat.keys("\x03")
    chat.wait("Ctrl-D leaves")
    chat.wait("stall@auto> ")
    chat.line("/profile a")
    chat.wait("a@auto> ")
    chat.line("two")
    chat.wait("Go on? [y/N] ")
    chat.line("y")
    chat.answered("a@auto")
    chat.line("/quit")
    assert chat.end() == 0
    cut, whole = turns("tea")
    assert cut["is_cut"] and "**one**" in cut["answer"] and not whole["is_cut"]


@pytest.mark.slow
@pytest.mark.parametrize("times", [2, 4])
def test_ctrl_c_again_and_again_stops_the_answer_and_not_the_chat(screen: Run, turns: Turns, times: int) -> None:
    chat = screen("tea", "-p", "stall", "-y")
    chat.wait("stall@auto> ")
    chat.line("one")
    chat.wait("In brief, on one")
    for _ in range(times):
        os.kill(chat.process.pid, signal.SIGINT)
    chat.wait("stopped")
    chat.keys("\x15/profile a\r")
    chat.wait("goes on, --think auto")
    chat.line("two")
    chat.answered("a@auto")
    chat.keys("\x04")
    assert chat.end() == 0 and "moved from elsewhere" not in chat.shown and "Traceback" not in chat.shown
    assert [turn["prompt"] for turn in turns("tea")][-1] == "two"


@pytest.mark.slow
def test_what_was_not_answered_comes_back_to_the_line(screen: Run, turns: Turns, config_for: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        chat = screen("tea", "-p", "a", config=config_for(f"http://127.0.0.1:{server.getsockname()[1]}"))
        chat.wait("a@auto> ")
        chat.line("a question of mine")
        connection, _ = server.accept()
        with connection:
            assert connection.recv(65_536)
            chat.keys("\x03")
            chat.wait("nothing had come")
        chat.wait("a@auto> a question of mine")
        chat.keys("\x03")
        chat.wait("a@auto> ")
        chat.line("/quit")
        assert chat.end() == 0
    assert not (database_path().parent / "drafts").exists() or not list((database_path().parent / "drafts").iterdir())


@TERMS
def test_a_new_vendor_is_asked_about_once_and_no_sends_nothing(screen: Run, turns: Turns, term: str) -> None:
    chat = screen("tea", "-p", "a", env={"TERM": term})
    chat.wait("a@auto> ")
    chat.line("one")
    chat.answered("a@auto")
    chat.line("/profile o@low")
    chat.wait("o@low> ")
    chat.line("two")
    chat.wait("openai will see 1 earlier turn for the first time. Go on? [y/N] ")
    chat.line("n")
    chat.wait("nothing was sent")
    chat.wait("o@low> ")
    chat.line("" if term != "dumb" else "two")
    chat.wait("Go on? [y/N] ")
    chat.line("y")
    chat.answered("o@low")
    chat.line("three")
    assert "Go on?" not in chat.answered("o@low")
    chat.keys("\x04")
    assert chat.end() == 0
    assert [turn["prompt"] for turn in turns("tea")] == ["one", "two", "three"]


@TERMS
def test_a_file_is_shown_before_it_is_sent(screen: Run, turns: Turns, term: str) -> None:
    Path("notes.txt").write_text("first\nsecond\x1b[2J\nthird\nfourth\n", encoding="utf-8")
    chat = screen("tea", "-p", "a", env={"TERM": term})
    chat.wait("a@auto> ")
    chat.line("Read @notes.txt, not @none.txt")
    shown = chat.wait("Send it along? [y/N] ")
    assert "@notes.txt: 4 lines" in shown and "  | second" in shown and "fourth" not in shown
    assert "@none.txt names no file here" in shown and "\x1b[2J\r\n" not in chat.raw
    chat.line("y")
    chat.answered("a@auto")
    chat.keys("\x04")
    assert chat.end() == 0
    (turn,) = turns("tea")
    assert turn["prompt"].startswith("Read @notes.txt, not @none.txt")
    assert "[File notes.txt]\nfirst\n" in turn["prompt"] and turn["prompt"].endswith("fourth\n[End of notes.txt]")


@pytest.mark.slow
def test_a_file_that_is_mentioned_in_what_was_pasted_is_not_read(screen: Run, turns: Turns) -> None:
    Path("secret.txt").write_text("for nobody", encoding="utf-8")
    chat = screen("tea", "-p", "a")
    chat.wait("a@auto> ")
    chat.keys("\x1b[200~a page says\r\nsee @secret.txt\x1b[201~")
    chat.wait("... see @secret.txt")
    chat.line(" ok")
    chat.wait("@secret.txt was pasted and not typed")
    chat.answered("a@auto")
    chat.keys("\x04")
    assert chat.end() == 0
    assert [turn["prompt"] for turn in turns("tea")] == ["a page says\nsee @secret.txt ok"]


def test_a_draft_survives_a_kill(screen: Run, cli: Run, turns: Turns) -> None:
    chat = screen("tea", "-p", "a")
    chat.wait("a@auto> ")
    chat.line("one")
    chat.answered("a@auto")
    chat.keys("half a thou")
    chat.wait("half a thou")
    chat.process.kill()
    chat.end()
    (kept,) = (database_path().parent / "drafts").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600 and json.loads(kept.read_text())["text"] == "half a thou"
    again = screen("tea")
    again.wait("what you had typed is back")
    again.wait("a@auto> half a thou")
    again.line("ght")
    again.answered("a@auto")
    again.keys("\x04")
    assert again.end() == 0
    assert [turn["prompt"] for turn in turns("tea")] == ["one", "half a thought"] and not kept.exists()
    session = cli("session", "show", "tea", "--json").json["id"]
    assert read_draft(session).text == "" and draft_path(session) == kept


@pytest.mark.slow
def test_a_draft_of_a_new_session_survives_sigterm(screen: Run) -> None:
    chat = screen("tea", "-p", "a")
    chat.wait("a@auto> ")
    chat.keys("half a thou")
    chat.wait("half a thou")
    os.kill(chat.process.pid, signal.SIGTERM)
    assert chat.end() == 143
    again = screen("tea", "-p", "a")
    assert "begins" not in again.wait("a@auto> half a thou")
    again.keys("\x15\x04")
    assert again.end() == 0
    plain = screen("tea", "-p", "busy", "--retries", "0", env={"TERM": "dumb"})
    plain.wait("busy@auto> ")
    plain.line("one\\")
    plain.wait("... ")
    plain.line("two")
    plain.answered("busy@auto")
    plain.keys("\x04")
    assert plain.end() == 0
    last = screen("tea", "-p", "a", env={"TERM": "dumb"})
    assert "this was typed and not answered:\r\n  | one\r\n  | two\r\n" in last.wait("a@auto> ")


def test_a_kill_in_an_answer_loses_neither_what_came_nor_the_question(screen: Run, turns: Turns) -> None:
    chat = screen("tea", "-p", "stall")
    chat.wait("stall@auto> ")
    chat.line("one")
    chat.wait("In brief, on one")
    chat.process.kill()
    chat.end()
    again = screen("tea", "-p", "a")
    begun = again.wait("a@auto> ")
    if "was cut when its process was killed" in begun:
        assert "typed is back" not in begun
        (turn,) = turns("tea")
        assert turn["is_cut"] and turn["prompt"] == "one"
    else:  # it was killed before what it had shown was stored
        assert "typed is back" in begun
        again.wait("one")


@TERMS
def test_sigterm_leaves_the_session_free(screen: Run, cli: Run, sim: Path, term: str) -> None:
    chat = screen("tea", "-p", "a", env={"TERM": term})
    chat.wait("a@auto> ")
    chat.line("one")
    chat.answered("a@auto")
    os.kill(chat.process.pid, signal.SIGTERM)
    assert chat.end() in (143, -signal.SIGTERM) and "Traceback" not in chat.shown
    assert cli("ask", "--session", "tea", "two", "--config", sim).code == 0


@pytest.mark.slow
def test_sigterm_in_an_answer_keeps_it_and_ends_the_chat(screen: Run, turns: Turns) -> None:
    chat = screen("tea", "-p", "stall")
    chat.wait("stall@auto> ")
    chat.line("one")
    chat.wait("In brief, on one")
    os.kill(chat.process.pid, signal.SIGTERM)
    assert chat.end() == 130
    (turn,) = turns("tea")
    assert turn["is_cut"] and turn["prompt"] == "one"


def test_words_are_completed(screen: Run) -> None:
    Path("a-long-name.txt").write_text("x", encoding="utf-8")
    chat = screen("tea", "-p", "a")
    chat.wait("a@auto> ")
    chat.keys("/thi")
    chat.wait("Set the dial")
    chat.keys("\t hi")
    chat.wait("high")
    chat.keys("\t\r")
    chat.wait("a is asked with --think high")
    chat.wait("a@high> ")
    chat.keys("see @a-lo\t")
    chat.wait("see @a-long-name.txt")
    chat.keys("\x03")
    chat.wait("see @a-long-name.txt")  # as it is left, and only then a new line is read
    chat.wait("a@high> ")
    chat.keys("\x04")
    assert chat.end() == 0


def test_an_error_is_told_and_the_chat_goes_on(screen: Run, turns: Turns) -> None:
    chat = screen("tea", "-p", "a")
    chat.wait("a@auto> ")
    chat.line("/thnk high")
    chat.wait("did you mean /think")
    chat.wait("a@auto> ")
    chat.keys("\x15/profile busy\r")
    chat.wait("busy@auto> ")
    chat.line("/profile cut")
    chat.wait("cut@auto> ")
    chat.line("one")
    chat.answered("cut@auto")
    chat.line("/cost")
    chat.wait("this chat: ")
    chat.wait("cut@auto> ")
    chat.keys("\x04")
    assert chat.end() == 0
    assert [turn["is_cut"] for turn in turns("tea")] == [True]


def test_what_was_typed_while_an_answer_came_is_sent_after_it(screen: Run, turns: Turns) -> None:
    chat = screen("tea", "-p", "stall", "--timeout", "0.5", "--retries", "0")
    chat.wait("stall@auto> ")
    chat.line("one")
    chat.wait("In brief, on one")
    chat.keys("/profile a\n")
    chat.wait("goes on, --think auto")
    chat.wait("a@auto> ")
    chat.keys("\x04")
    assert chat.end() == 0
