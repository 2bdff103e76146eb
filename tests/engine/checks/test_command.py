"""Programs as checks: those that judge, crash, hang, print without end, or never look at the answer."""

from __future__ import annotations

import asyncio
import sys
import time

import pytest

from thinkdial.engine.checks.command import Judged, judge_by_command
from thinkdial.engine.targets.bare_environment import key_variables, without_keys
from thinkdial.profiles.checks.definitions import CommandCheck
from thinkdial.profiles.config import load_builtin

HERE = {"PATH": "/usr/bin:/bin"}


def judge(code: str, answer: str = "42\n", timeout_s: float = 10.0) -> Judged:
    check = CommandCheck((sys.executable, "-c", code), timeout_s)
    return asyncio.run(judge_by_command(check, answer, HERE))


def test_the_answer_comes_on_standard_input_and_0_passes() -> None:
    code = "import sys; sys.exit(0 if sys.stdin.read() == 'é 42\\n' else 3)"
    assert judge(code, "é 42\n") == Judged(True)
    failed = judge(code, "43")
    assert failed.passed is False and failed.note is not None and "ended with 3: it said nothing" in failed.note


def test_the_last_line_that_it_prints_is_why() -> None:
    said = judge("import sys; print('one', flush=True); print('two\\x1b[31m', file=sys.stderr); sys.exit(1)")
    assert said.passed is False and said.note is not None and said.note.endswith("ended with 1: two␛[31m")


@pytest.mark.parametrize("size", [0, 5_000_000])
def test_a_program_that_does_not_read_judges_all_the_same(size: int) -> None:
    assert judge("pass", "x" * size) == Judged(True)


def test_a_crash_is_not_the_answers_fault() -> None:
    said = judge("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    assert said.passed is None and said.note is not None and "SIGSEGV" in said.note


def test_what_cannot_be_started_is_not_known() -> None:
    said = asyncio.run(judge_by_command(CommandCheck(("no-such-program-here",)), "a", HERE))
    assert said.passed is None and said.note is not None and "cannot run: No such file" in said.note


@pytest.mark.parametrize(
    "code",
    [
        "import time; time.sleep(60)",
        "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])",
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)",
    ],
)
def test_what_hangs_is_ended_with_its_children(code: str) -> None:
    began = time.monotonic()
    said = judge(code, timeout_s=0.5)
    assert time.monotonic() - began < 5
    assert said.passed is None and said.note is not None and "did not end within 0.5 s" in said.note


def test_a_gigabyte_is_not_read() -> None:
    began = time.monotonic()
    said = judge("import sys\nwhile True: sys.stdout.write('x' * 65536)")
    assert time.monotonic() - began < 8
    assert said.passed is None and said.note is not None and "more than 8 MiB" in said.note


def test_what_it_leaves_behind_keeps_nobody_waiting() -> None:
    began = time.monotonic()
    code = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])"
    assert judge(code) == Judged(True)
    assert time.monotonic() - began < 5


def test_no_shell_reads_its_arguments() -> None:
    check = CommandCheck(("echo", "$HOME; exit 1 `false`"))
    assert asyncio.run(judge_by_command(check, "a", HERE)) == Judged(True)


def test_no_key_is_in_the_environment() -> None:
    variables = key_variables(load_builtin())
    assert {"OPENAI_API_KEY", "ANTHROPIC_API_KEY"} <= variables
    secrets = dict.fromkeys(variables, "sk-1234567890") | {
        "MY_TOKEN": "a", "github_token": "b", "DB_PASSWORD": "c", "AWS_SESSION": "d", "X_SECRET_Y": "e",
        "GOOGLE_APPLICATION_CREDENTIALS": "f", "COPY": "x sk-1234567890 y",
    }  # fmt: skip
    harmless = {"PATH": "/bin", "HOME": "/h", "LANG": "C", "MONKEY": "m", "KEYBOARD": "k", "AWS_REGION": "r"}
    assert without_keys(secrets | harmless, variables) == harmless
