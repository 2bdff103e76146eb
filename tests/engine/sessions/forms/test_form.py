"""The facts of the forms, and how a form is told."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from thinkdial.engine.sessions.forms.form import FormName, ListForm, form_facts, form_of_value
from thinkdial.engine.sessions.forms.json_object import FormError
from thinkdial.profiles import facts
from thinkdial.profiles.facts import packaged
from thinkdial.providers.registry import NAMES

from ....cases import each


@pytest.mark.parametrize("name", get_args(ListForm))
def test_the_facts_name_what_there_is_and_have_sources(name: ListForm) -> None:
    found = form_facts(name)
    assert found.provider in facts.providers() and found.dialect in found.dialects <= {*NAMES}
    assert {"asked", "answered"} <= {*found.roles.values()} and found.mark_keys | found.mark_roles | found.mark_fields
    section = packaged("exchange_forms.yaml").section(name)
    assert section is not None
    assert section.texts("sources") and all(source.startswith("https://") for source in section.texts("sources"))


SAID = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
BLOCK = {"role": "assistant", "content": [{"type": "thinking", "thinking": "x", "signature": "s"}]}

TOLD: list[tuple[Any, FormName]] = [
    ({"schema": "thinkdial.session/1"}, "thinkdial"),
    (SAID, "openai-chat"),
    ({"messages": SAID}, "openai-chat"),
    ({"model": "m", "messages": [{"role": "system", "content": "s"}, *SAID]}, "openai-chat"),
    ([*SAID, {"role": "assistant", "content": "c", "reasoning_content": "d"}], "openai-chat"),
    ({"system": "s", "messages": SAID}, "anthropic-messages"),
    ([*SAID, BLOCK], "anthropic-messages"),
    ({"input": SAID}, "openai-responses"),
    ({"input": "a", "instructions": "s"}, "openai-responses"),
    ([{"role": "user", "content": [{"type": "input_text", "text": "a"}]}], "openai-responses"),
    ([*SAID, {"type": "reasoning", "summary": [], "encrypted_content": "x"}], "openai-responses"),
    ({"contents": [{"role": "user", "parts": [{"text": "a"}]}]}, "gemini-generate"),
    ([{"parts": [{"text": "a"}]}], "gemini-generate"),
]


@each(("value", "form"), TOLD)
def test_a_form_is_told(value: Any, form: FormName) -> None:
    assert form_of_value(value) == form


@each("value", [None, 7, "x", [], {}, [[]], [7], {"messages": 7}, {"a": 1}, {"schema": 7}, {"messages": [{}]}])
def test_what_is_none_of_them(value: Any) -> None:
    with pytest.raises(FormError):
        form_of_value(value)


def test_a_newer_session_is_named() -> None:
    with pytest.raises(FormError, match=r"\$.schema: is 'thinkdial.session/2'"):
        form_of_value({"schema": "thinkdial.session/2"})
