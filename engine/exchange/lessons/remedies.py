"""What a refused request teaches, by a table: a field that is not taken, or the most output tokens. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from msgspec import Struct, field

from ....profiles.facts import packaged
from ....profiles.sections.section import Section
from ....providers.errors import ErrorKind, Failure
from ....providers.schema import Notice
from ...planning.addresses import address_hint
from ...planning.prepare import Prepared, with_notice, with_output_limit, with_quirks, without_param, without_thinking

MOST_CHARACTERS = 2000
"""Of a refusal that are looked at."""

MOST_QUOTED = 160

TEACHING_KINDS: frozenset[ErrorKind] = frozenset({"invalid_request", "context_length"})
"""Some vendors speak of the context where the output limit is too high."""

_NAME = re.compile(r"[A-Za-z_][\w.]{0,59}")


class Remedy(Struct, frozen=True):
    """What can be sent instead of a field: other quirks of the dialect, or the request without it."""

    name: str
    dialect: str | None = None
    quirks: Mapping[str, Any] = field(default_factory=dict[str, Any])
    is_param: bool = False
    setting: str | None = None


class LessonTable(Struct, frozen=True):
    """How refusals name what they do not take, and what helps."""

    fields: tuple[re.Pattern[str], ...]
    maxima: tuple[tuple[re.Pattern[str], bool], ...]
    remedies: tuple[Remedy, ...]


class Lesson(Struct, frozen=True):
    """One thing that an endpoint has taught about a model: a field that it refuses, or the most output tokens.

    `words` are the refusal's own. `remedy` is None for a field of the think value.
    """

    words: str
    name: str | None = None
    remedy: Remedy | None = None
    most_output_tokens: int | None = None


@cache
def lesson_table() -> LessonTable:
    """The shipped table."""
    root = packaged("lessons.yaml")
    root.only(("fields", "maxima", "remedies"))
    maxima = [(_pattern(one.text("pattern")), one.flag("exclusive") or False) for one in root.sections("maxima")]
    fields = tuple(_pattern(text) for text in root.texts("fields"))
    return LessonTable(fields, tuple(maxima), tuple(_remedy(one) for one in root.sections("remedies")))


def lesson_of(failed: Failure, prepared: Prepared) -> Lesson | None:
    """What a refusal teaches that the request can take to heart; None where it names nothing of what was sent."""
    if failed.kind not in TEACHING_KINDS:
        return None
    message = failed.message[:MOST_CHARACTERS]
    words = " ".join(message.split())
    words = f"{words[:MOST_QUOTED]}…" if len(words) > MOST_QUOTED else words
    most = _maximum(message)
    if most is not None:
        return Lesson(words, most_output_tokens=most)
    if failed.kind != "invalid_request":
        return None
    for name in refused_fields(failed):
        if name in prepared.plan.native:
            return Lesson(words, name)
        for remedy in lesson_table().remedies:
            if remedy.name == name and remedy.dialect in (None, prepared.target.dialect):
                return Lesson(words, name, remedy)
    return None


def heeded(prepared: Prepared, lesson: Lesson) -> Prepared | None:
    """The call as the endpoint takes it, with a word about that; None when the lesson changes nothing of it."""
    name, remedy, model = lesson.name, lesson.remedy, prepared.call.model
    if lesson.most_output_tokens is not None:
        limit = prepared.plan.max_output_tokens
        if limit is None or limit <= lesson.most_output_tokens:
            return None
        words = f"{model} takes at most {lesson.most_output_tokens:,} output tokens here ({lesson.words})"
        return with_output_limit(prepared, lesson.most_output_tokens, Notice("output_limit_lowered", words))
    if name is None:
        return None
    if remedy is None:
        if prepared.asked.is_strict:
            return None
        again = without_thinking(prepared, name, f"the provider refused {name} ({lesson.words}); it was left out")
    elif remedy.is_param:
        again = without_param(prepared, name)
    else:
        again = with_quirks(prepared, remedy.quirks)
    if again is None or remedy is None:
        return again
    lasting = f"; {remedy.setting} in the profile makes it lasting" if remedy.setting else ""
    instead = f"params.{name} was left out" if remedy.is_param else f"it was asked again without {name}"
    return with_notice(
        again, Notice("field_refused", f"the provider refused {name} ({lesson.words}): {instead}{lasting}")
    )


def hint_for(failed: Failure, prepared: Prepared) -> str | None:
    """Which setting a refused field comes from, or what seems wrong about the address; None where nobody knows."""
    profile = prepared.target.profile
    for name in refused_fields(failed):
        head = name.partition(".")[0]
        if head in profile.params:
            return f"params.{head} of the profile {profile.name} sets it: change it or leave it out"
        for remedy in lesson_table().remedies:
            if remedy.name == name and remedy.setting and remedy.dialect == prepared.target.dialect:
                return f"the profile can say so: {remedy.setting}"
        if head in prepared.plan.native:
            return f"{head} comes from the think value: ask with --think auto, or set thinking.fields of the profile"
    return address_hint(failed, prepared.request.url, prepared.target.base_url)


def refused_fields(failed: Failure) -> Iterator[str]:
    """The fields that a refusal names as not taken, each once, those of the body without what lies in them."""
    if failed.kind != "invalid_request":
        return
    message, seen = failed.message[:MOST_CHARACTERS], set[str]()
    for pattern in lesson_table().fields:
        for found in pattern.finditer(message):
            for name in _NAME.findall(found[1]):
                if name not in seen:
                    seen.add(name)
                    yield name.rstrip(".")


def _maximum(message: str) -> int | None:
    for pattern, exclusive in lesson_table().maxima:
        if (found := pattern.search(message)) and (digits := found[1].replace(",", "")):
            most = int(digits) - exclusive
            return most if most > 0 else None
    return None


def _remedy(section: Section) -> Remedy:
    section.only(("field", "dialect", "quirks", "params", "setting"))
    name, quirks, is_param = section.text("field"), section.mapping("quirks"), section.flag("params") or False
    if not name or bool(quirks) == is_param:
        raise section.bad("field", "a remedy is a field with either quirks or params")
    return Remedy(name, section.text("dialect"), quirks, is_param, section.text("setting"))


def _pattern(text: str | None) -> re.Pattern[str]:
    return re.compile(text or "(?!)", re.IGNORECASE)
