"""The `checks:` of the configuration: programs, shares of agreement and judges, by the names that others call them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, TypeAlias

from msgspec import Struct

from ..sections.section import Section

CHECK_KEYS = ("command", "timeout", "agree", "judge")
JUDGE_KEYS = ("profile", "question", "scale", "least", "against")
YES_NO = "yes-no"

COMMAND_S = 10.0
"""Seconds that a program may take, where the configuration does not say."""

_SCALE = re.compile(r"(\d{1,3})-(\d{1,3})")


class CommandCheck(Struct, frozen=True):
    """A program and its arguments, without a shell. It gets the answer on its standard input; 0 passes."""

    argv: tuple[str, ...]
    timeout_s: float = COMMAND_S

    @property
    def kind(self) -> Literal["command"]:
        return "command"


class AgreeCheck(Struct, frozen=True):
    """The share, above 0 and up to 1, of the answers compared that have to say the same."""

    share: float

    @property
    def kind(self) -> Literal["agree"]:
        return "agree"


class JudgeCheck(Struct, frozen=True):
    """A question that a profile (perhaps `NAME@think`) answers about an answer.

    On a `scale`, its lowest and highest number, `least` passes; without one it is answered by yes or no. With `against`
    the answer is compared with that of another profile of the same run, and passes where it is not judged worse.
    """

    profile: str
    question: str
    scale: tuple[int, int] | None = None
    least: int | None = None
    against: str | None = None

    @property
    def kind(self) -> Literal["judge"]:
        return "judge"


CheckDefinition: TypeAlias = CommandCheck | AgreeCheck | JudgeCheck


def read_checks(section: Section, base: Mapping[str, CheckDefinition]) -> dict[str, CheckDefinition]:
    """`base` with the checks of one file. Raises `ConfigError` with the place of what is wrong."""
    found = dict(base)
    for name in section:
        one = section.section(name)
        if one is None or not name.strip() or not name.isprintable():
            raise section.bad(name, "needs a name, and one of command, agree or judge")
        found[name] = _check(section, name, one)
    return found


def _check(parent: Section, name: str, section: Section) -> CheckDefinition:
    section.only(CHECK_KEYS)
    kinds = [kind for kind in ("command", "agree", "judge") if kind in section]
    if len(kinds) != 1:
        raise parent.bad(name, "is one of command, agree and judge")
    if "timeout" in section and kinds != ["command"]:
        raise section.bad("timeout", "is for a command")
    match kinds[0]:
        case "command":
            argv = section.texts("command")
            if not argv:
                raise section.bad("command", "names no program")
            return CommandCheck(argv, section.seconds("timeout") or COMMAND_S)
        case "agree":
            share = section.plain("agree")
            if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share <= 1:
                raise section.bad("agree", "must be a share above 0, and at most 1")
            return AgreeCheck(float(share))
        case _:
            return _judge(section)


def _judge(parent: Section) -> JudgeCheck:
    section = parent.section("judge")
    if section is None:
        raise parent.bad("judge", "needs a profile and a question")
    section.only(JUDGE_KEYS)
    profile, question = section.text("profile"), section.text("question")
    if not profile or not question or not question.strip():
        raise parent.bad("judge", "needs a profile and a question")
    scale, against = _scale(section), section.text("against")
    if scale is not None and against is not None:
        raise section.bad("scale", "is for a judge of one answer, and against makes it compare two")
    if (scale is None) != ("least" not in section):
        raise section.bad("least", "says which number of a scale passes: give both, or none of them")
    least = None if scale is None else section.whole("least", least=scale[0], most=scale[1])
    return JudgeCheck(profile, question, scale, least, against)


def _scale(section: Section) -> tuple[int, int] | None:
    text = section.text("scale")
    if text is None or text == YES_NO:
        return None
    found = _SCALE.fullmatch(text)
    if found is None or not int(found[1]) < int(found[2]):
        raise section.bad("scale", f"is {YES_NO}, or two whole numbers such as 1-5")
    return int(found[1]), int(found[2])
