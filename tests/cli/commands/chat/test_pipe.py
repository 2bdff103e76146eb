"""Lines from a pipe are turns: the answers alone go to stdout, and the first turn that fails ends the chat."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import subprocess
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from thinkdial.cli.commands.chat.lines import PipedLines
from thinkdial.engine.history.store import Store, database_path
from thinkdial.engine.sessions.drafts import Draft

Run = Callable[..., Any]
Turns = Callable[[str], list[dict[str, Any]]]


def test_each_line_is_a_turn_and_the_answers_alone_go_to_stdout(cli: Run, sim: Path, turns: Turns) -> None:
    lines = b"Is 91 prime?\n\n/think low\nWhy?\n/cost\n/context\n/help\n//etc is a directory\n"
    ended = cli("chat", "tea", "-p", "a", "--config", sim, stdin=lines)
    assert ended.code == 0, ended.err
    assert ended.out.count("_Simulated answer") == 3 and ended.out.endswith("\n")
    assert "/think" not in ended.out and "reasoning tokens" not in ended.out
    way = turns("tea")
    assert [turn["prompt"] for turn in way] == ["Is 91 prime?", "Why?", "/etc is a directory"]
    assert [turn["think"] for turn in way] == ["auto", "low", "low"]
    for words in (
        "session tea begins",
        "2 turns",
        "this chat: $",
        "next turn, 3",
        "reasoning kept 2",
        "/undo [N]",
        "--think low",
    ):
        assert words in ended.err, words


def test_a_chat_goes_on_with_what_ask_began_and_ask_with_the_chat(cli: Run, sim: Path, turns: Turns) -> None:
    assert cli("ask", "--session", "tea", "one", "-p", "a@low", "--config", sim).code == 0
    assert cli("chat", "tea", "--config", sim, stdin=b"two\n").code == 0
    assert cli("chat", "-c", "--config", sim, stdin=b"three\n").code == 0
    assert cli("ask", "-c", "four", "--config", sim).code == 0
    way = turns("tea")
    assert [turn["prompt"] for turn in way] == ["one", "two", "three", "four"]
    assert {(turn["profile"], turn["think"]) for turn in way} == {("a", "low")}


def test_a_session_that_nobody_named_gets_a_name_and_says_it(cli: Run, sim: Path) -> None:
    first = cli("chat", "-p", "a", "--config", sim, stdin=b"x\n")
    second = cli("chat", "-p", "a", "--config", sim, stdin=b"x\n")
    assert "session chat-1 begins" in first.err and "session chat-2 begins" in second.err
    assert "thinkdial chat chat-2 goes on with it later" in second.err


def test_a_new_session_in_which_nothing_is_said_is_forgotten(cli: Run, sim: Path) -> None:
    assert cli("chat", "tea", "-p", "a", "--config", sim, stdin=b"/think high\n/quit\nnever sent\n").code == 0
    assert cli("session", "show", "tea").code == 2


def test_an_at_sign_on_a_pipe_reads_no_file(cli: Run, sim: Path, turns: Turns) -> None:
    Path("notes.txt").write_text("from the file", encoding="utf-8")
    assert cli("chat", "tea", "-p", "a", "--config", sim, stdin=b"see @notes.txt\n").code == 0
    assert [turn["prompt"] for turn in turns("tea")] == ["see @notes.txt"]


def test_files_of_the_option_go_along_with_the_first_message(cli: Run, sim: Path, turns: Turns) -> None:
    Path("notes.txt").write_text("from the file", encoding="utf-8")
    assert cli("chat", "tea", "-p", "a", "-f", "notes.txt", "--config", sim, stdin=b"one\ntwo\n").code == 0
    assert [turn["prompt"] for turn in turns("tea")] == [
        "one\n\n[File notes.txt]\nfrom the file\n[End of notes.txt]",
        "two",
    ]


@pytest.mark.parametrize("profile, code, kept", [("cut", 3, 2), ("busy", 3, 1)])
def test_a_provider_that_fails_in_the_middle_ends_it(
    cli: Run, sim: Path, turns: Turns, profile: str, code: int, kept: int
) -> None:
    lines = f"one\n/profile {profile}\ntwo\nthree\n".encode()
    ended = cli("chat", "tea", "-p", "a", "--retries", "0", "--config", sim, stdin=lines)
    assert ended.code == code and "what follows on standard input was not sent" in ended.err
    way = turns("tea")
    assert [turn["prompt"] for turn in way] == ["one", "two"][:kept]
    assert cli("chat", "tea", "-p", "a", "--config", sim, stdin=b"three\n").code == 0
    assert len(turns("tea")) == kept + 1


@pytest.mark.parametrize(
    "line, words",
    [
        (b"/thnk high", "did you mean /think"),
        (b"/think hihg", "did you mean"),
        (b"/profile nobody", "no profile or group"),
        (b"/compare o,nobody x", "no profile or group"),
        (b"/compare trio", "needs profiles and a message"),
        (b"/undo", "cannot go back"),
        (b"/undo x", "how many turns"),
        (b"/pick a", "no comparison"),
        (b"/cost 3", "nothing behind"),
        (b"/export md", "needs the name of a file"),
        (b"/export no/such/place.md", "not a directory"),
        (b"\xff\xfe\xff", "line 1 of standard input"),
        (b"a\x00b", "line 1 of standard input"),
    ],
)
def test_what_is_no_command_or_no_text_is_told_and_nothing_is_sent(
    cli: Run, sim: Path, line: bytes, words: str
) -> None:
    ended = cli("chat", "tea", "-p", "a", "--config", sim, stdin=line + b"\nnever sent\n")
    assert ended.code == 2 and words in ended.err and ended.out == ""


def test_undo_goes_back_and_the_next_turn_is_another_branch(cli: Run, sim: Path, turns: Turns) -> None:
    ended = cli("chat", "tea", "-p", "a", "--config", sim, stdin=b"one\ntwo\nthree\n/undo 2\nfour\n")
    assert ended.code == 0 and "goes on after turn 1" in ended.err
    assert [turn["prompt"] for turn in turns("tea")] == ["one", "four"]
    assert len(cli("session", "show", "tea", "--json").json["nodes"]) == 4


def test_the_limit_holds_for_the_whole_chat(cli: Run, sim: Path, turns: Turns) -> None:
    lines = b"Is 91 prime?\n" * 30
    ended = cli("chat", "tea", "-p", "a@low", "--max-output", 400, "--max-cost", "0.03", "--config", sim, stdin=lines)
    assert ended.code == 4 and "raise the limit" in ended.err
    way = turns("tea")
    assert 2 <= len(way) < 30
    assert sum(Decimal(turn["usd"]) for turn in way) <= Decimal("0.03")


def test_a_bad_limit_and_two_sessions_are_refused_before_anything(cli: Run, sim: Path) -> None:
    for arguments in (("--max-cost", "much"), ("-c", "tea"), ("--no-history",), ("-p", "a", "-p", "o"), ("bad/name",)):
        ended = cli("chat", *arguments, "--config", sim, stdin=b"x\n")
        assert ended.code == 2 and ended.out == "", arguments


def test_a_vendor_that_sees_the_conversation_for_the_first_time_is_told(cli: Run, sim: Path) -> None:
    ended = cli("chat", "tea", "-p", "a", "--config", sim, stdin=b"one\n/profile o\ntwo\nthree\n/profile a\nfour\n")
    assert ended.code == 0
    assert ended.err.count("for the first time") == 1 and "openai will see 1 earlier turn" in ended.err


def test_two_chats_on_one_session(process: Any, sim: Path, cli: Run, turns: Turns) -> None:
    first = process.start("chat", "tea", "-p", "a", "--config", sim, stdin=subprocess.PIPE)
    first.stdin.write(b"one\n")
    first.stdin.flush()
    while b"Simulated answer" not in first.stdout.readline():
        pass
    second = process("chat", "tea", "--config", sim, stdin=b"two\n")
    assert second.code == 2 and f"in use by process {first.pid}" in second.err and second.out == ""
    first.stdin.write(b"three\n")
    _, err = first.communicate(timeout=30)
    assert first.returncode == 0, err
    assert [turn["prompt"] for turn in turns("tea")] == ["one", "three"]


def test_a_session_that_is_moved_meanwhile_is_told_and_not_gone_on_with(
    cli: Run, sim: Path, turns: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    from thinkdial.engine.sessions.queries import rewind_session

    texts = iter(["one", "two", "three"])

    def read(self: PipedLines, who: str, draft: Draft) -> Draft | None:
        text = next(texts, None)
        if text == "three":
            rewind_session("tea", to=None, back=1)
        return None if text is None else Draft(text)

    monkeypatch.setattr(PipedLines, "read", read)
    ended = cli("chat", "tea", "-p", "a", "--config", sim)
    assert ended.code == 2 and "was moved from elsewhere: it goes on after turn 1" in ended.err
    assert [turn["prompt"] for turn in turns("tea")] == ["one"]


def test_a_locked_history_is_told_and_loses_no_turn(
    cli: Run, sim: Path, turns: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Store.open.__func__, "__kwdefaults__", {"create": False, "busy_timeout_s": 0.05})
    texts = iter(["one", "two"])
    lock: list[sqlite3.Connection] = []

    def read(self: PipedLines, who: str, draft: Draft) -> Draft | None:
        text = next(texts, None)
        if text == "two":
            lock.append(sqlite3.connect(database_path(), isolation_level=None))
            lock[0].execute("BEGIN EXCLUSIVE")
        return None if text is None else Draft(text)

    monkeypatch.setattr(PipedLines, "read", read)
    ended = cli("chat", "tea", "-p", "a", "--config", sim)
    assert ended.code == 2 and "keeps the history locked" in ended.err and "Traceback" not in ended.err
    lock[0].close()
    assert [turn["prompt"] for turn in turns("tea")] == ["one"]
    monkeypatch.undo()


def test_an_interruption_keeps_what_came_and_ends_it(process: Any, sim: Path, cli: Run, turns: Turns) -> None:
    started = process.start("chat", "tea", "-p", "stall", "--config", sim, stdin=subprocess.PIPE)
    started.stdin.write(b"one\ntwo\n")
    started.stdin.flush()
    started.stdout.readline()  # something has come
    started.send_signal(signal.SIGINT)
    _, err = started.communicate(timeout=30)
    assert started.returncode == 130 and b"Traceback" not in err
    (turn,) = turns("tea")
    assert turn["is_cut"] and turn["answer"]


def test_a_conversation_is_put_to_three_and_goes_on_with_the_best(cli: Run, sim: Path, turns: Turns) -> None:
    lines = b"Is 91 prime?\n/compare o,g@low,a Are you sure?\n/pick g@low\nAnd 97?\n/cost\n"
    lines += b"/export tea.md\n/export tea.json\n"
    ended = cli("chat", "tea", "-p", "a", "--config", sim, stdin=lines)
    assert ended.code == 0, ended.err
    assert "google will see 1 earlier turn for the first time" in " ".join(ended.err.split())
    assert "to go on with one of these: /pick o@auto" in ended.err and "goes on with g: turn 2" in ended.err
    assert "for 5 answers" in ended.err
    way = turns("tea")
    assert [(turn["prompt"], turn["profile"], turn["think"]) for turn in way] == [
        ("Is 91 prime?", "a", "auto"), ("Are you sure?", "g", "low"), ("And 97?", "g", "low"),
    ]  # fmt: skip
    assert "Is 91 prime?" in Path("tea.md").read_text(encoding="utf-8")
    assert json.loads(Path("tea.json").read_text(encoding="utf-8"))["schema"] == "thinkdial.session/1"
    again = cli("chat", "tea", "--config", sim, stdin=b"/export tea.md\n")
    assert again.code == 2 and "is there already" in again.err


def test_the_limit_counts_comparisons_too(cli: Run, sim: Path, turns: Turns) -> None:
    lines = b"/compare a,o,g one\n" * 20
    ended = cli(
        "chat", "tea", "-p", "a", "-t", "low", "--max-output", 300, "--max-cost", "0.03", "--config", sim, stdin=lines
    )
    assert ended.code in (1, 4) and 1 <= ended.err.count("the session is as it was") < 20
    spent = sum(Decimal(row["usd"] or 0) for row in cli("spend", "--json").json["rows"])
    assert 0 <= spent <= Decimal("0.03")


def test_another_chat_s_draft_is_no_business_of_a_pipe(cli: Run, sim: Path) -> None:
    from thinkdial.engine.sessions.drafts import keep_draft, read_draft

    assert cli("chat", "tea", "-p", "a", "--config", sim, stdin=b"one\n").code == 0
    session = cli("session", "show", "tea", "--json").json["id"]
    keep_draft(session, Draft("half a thought"))
    assert cli("chat", "tea", "--config", sim, stdin=b"two\n").code == 0
    assert read_draft(session).text == "half a thought"
    assert cli("session", "rm", "tea").code == 0 and read_draft(session).text == ""


def test_what_no_longer_fits_is_refused_or_trimmed_by_the_options(cli: Run, sim: Path, turns: Turns) -> None:
    first = cli("chat", "tea", "-p", "a", "--config", sim, stdin=b"one\ntwo\nthree\n")
    assert first.code == 0
    full = cli("chat", "--session", "tea", "--context-tokens", 100, "--config", sim, stdin=b"four\nfive\n")
    assert full.code == 3 and "prompt too long" in full.err and full.out == "" and len(turns("tea")) == 3
    trimmed = cli(
        "chat", "tea", "--context-tokens", 100, "--context-full", "trim", "--config", sim, stdin=b"/context\nfour\n"
    )
    assert trimmed.code == 0 and len(turns("tea")) == 4, trimmed.err
    both = cli("chat", "tea", "--session", "other", "--config", sim, stdin=b"x\n")
    assert both.code == 2 and "say one of them" in both.err


def test_earlier_turns_are_made_short_and_its_cost_counts(cli: Run, sim: Path, turns: Turns) -> None:
    lines = b"one\ntwo\n/compact o\nthree\n/cost\n"
    ended = cli("chat", "tea", "-p", "a", "-y", "--max-cost", "1", "--config", sim, stdin=lines)
    assert ended.code == 0, ended.err
    assert "turns 1 to 2 are summed up by o" in ended.err and "for 4 answers" in ended.err
    way = turns("tea")
    assert [turn["kind"] for turn in way] == ["turn", "turn", "compaction", "turn"]
    left = re.search(r"--max-cost: \$([\d.]+) of \$1.00 is left", ended.err)
    spent = re.search(r"this chat: \$([\d.]+) ", ended.err)
    assert left and spent and Decimal(left[1]) + Decimal(spent[1]) == pytest.approx(Decimal(1), abs=Decimal("0.0001"))


def test_a_session_that_is_removed_or_renamed_meanwhile_is_told(
    cli: Run, sim: Path, turns: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    from thinkdial.engine.sessions.queries import forget_session, rename_session

    texts = iter(["one", "two", "three"])

    def read(self: PipedLines, who: str, draft: Draft) -> Draft | None:
        text = next(texts, None)
        if text == "two":
            rename_session("tea", "coffee")
        if text == "three":
            assert [turn["prompt"] for turn in turns("coffee")] == ["one", "two"]
            forget_session("coffee")
        return None if text is None else Draft(text)

    monkeypatch.setattr(PipedLines, "read", read)
    ended = cli("chat", "tea", "-p", "a", "--config", sim)
    assert "session tea is called coffee now" in ended.err
    assert ended.code == 2 and "session coffee is gone" in ended.err and "Traceback" not in ended.err
