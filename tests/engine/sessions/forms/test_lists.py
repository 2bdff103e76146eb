"""Message lists: read and written again they are the same; what is bad is refused with its place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from thinkdial.engine.sessions.forms.form import ListForm, form_facts
from thinkdial.engine.sessions.forms.json_object import FormError
from thinkdial.engine.sessions.forms.lists import file_of_transcript, read_list, write_form
from thinkdial.engine.sessions.forms.session_file import SessionFile
from thinkdial.engine.sessions.forms.transcript import Transcript
from thinkdial.providers.turns.turn import Turn

from ....cases import each
from .made_lists import LISTS, SECRET, Dice

NOW = "2026-11-30T10:00:00Z"


def turns_of(said: Transcript, form: ListForm) -> list[Turn]:
    file: SessionFile = file_of_transcript(said, form, "Tea", NOW)
    return [node.turn for node in file.nodes]


def again(form: ListForm, value: Any) -> Any:
    """The list as it is exported after an import."""
    said = read_list(form, value)
    return json.loads(write_form(form, "Tea", said.system, turns_of(said, form)).text)


@each("form", LISTS)
@each("seed", range(40))
def test_exported_imported_and_exported_it_is_the_same(form: ListForm, seed: int) -> None:
    once = again(form, LISTS[form](Dice(seed)))
    assert again(form, once) == once


@each("form", LISTS)
@each("other", LISTS)
@each("seed", range(10))
def test_in_another_form_words_and_calls_are_the_same(form: ListForm, other: ListForm, seed: int) -> None:
    said = read_list(form, LISTS[form](Dice(seed)))
    written = write_form(other, "Tea", said.system, turns_of(said, form)).text
    read = read_list(other, json.loads(written))
    assert read.system == said.system and not any("not known" in remark for remark in read.remarks)
    if form != other:
        assert SECRET not in written
    for before, after in zip(said.turns, read.turns, strict=True):
        assert [p.text for p in after.asked] == [p.text for p in before.asked]
        for kind in ("text", "call"):
            words = [
                "".join(p.text for p in side.answered if p.kind == kind).replace("\n", "") for side in (before, after)
            ]
            assert words[0] == words[1]


AS_THEY_ARE: dict[str, tuple[ListForm, Any]] = {
    "signed, redacted and empty thinking": ("anthropic-messages", {"system": "Brief.", "messages": [
        {"role": "user", "content": "Is 91 prime?"},
        {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "7 x 13", "signature": "c2ln/+=="},
            {"type": "thinking", "thinking": "", "signature": "ZW1wdHk="},
            {"type": "redacted_thinking", "data": "cmVk"},
            {"type": "text", "text": "Let me see.", "citations": [{"type": "char_location", "cited_text": "x"}]},
            {"type": "tool_use", "id": "toolu_1", "name": "mul", "input": {"a": 7, "b": [1.5, None]}},
        ]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "toolu_1", "is_error": True,
             "content": [{"type": "text", "text": "91"}]},
            {"type": "text", "text": "Well?"},
        ]},
        {"role": "assistant", "content": "No."},
    ]}),
    "reasoning items": ("openai-responses", {"instructions": "Brief.", "input": [
        {"role": "user", "content": "Is 91 prime?"},
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAA=="},
        {"type": "reasoning", "id": "rs_2", "summary": [{"type": "summary_text", "text": "7 x 13"}],
         "encrypted_content": "gAAAB=="},
        {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "phase": "commentary",
         "content": [{"type": "output_text", "text": "Hm.", "annotations": []}]},
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "91"}},
        {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "mul", "arguments": '{"a": 7}'},
        {"type": "function_call_output", "call_id": "call_1", "output": [{"type": "input_text", "text": "91"}]},
        {"role": "assistant", "content": "No."},
        {"role": "user", "content": "Why?"},
        {"type": "compaction", "id": "cmp_1", "encrypted_content": "gAAAC=="},
        {"role": "assistant", "content": "7 x 13."},
    ]}),
    "signatures on parts": ("gemini-generate", {"systemInstruction": {"parts": [{"text": "Brief."}]}, "contents": [
        {"role": "user", "parts": [{"text": "Is 91 prime?"}]},
        {"role": "model", "parts": [
            {"text": "7 x 13", "thought": True},
            {"text": "Hm.", "thoughtSignature": "c2ln"},
            {"functionCall": {"id": "1", "name": "mul", "args": {"a": 7}}, "thoughtSignature": "c2lnMg=="},
            {"functionCall": {"name": "mul", "args": {}}},
            {"text": "", "thoughtSignature": "c2lnMw=="},
        ]},
        {"role": "user", "parts": [
            {"functionResponse": {"id": "1", "name": "mul", "response": {"value": 91, "unit": None}}},
            {"functionResponse": {"name": "mul", "response": {"result": "0"}}},
        ]},
        {"role": "model", "parts": [{"text": "No."}]},
    ]}),
    "fields of reasoning": ("openai-chat", {"messages": [
        {"role": "system", "content": "Brief."},
        {"role": "user", "content": "Is 91 prime?"},
        {"role": "assistant", "content": "No.", "reasoning_content": "7 x 13"},
        {"role": "user", "content": "Why?"},
        {"role": "assistant", "content": None, "reasoning_details": [
            {"type": "reasoning.summary", "summary": "Hm", "format": "openai-responses-v1", "index": 0},
            {"type": "reasoning.encrypted", "data": "gA==", "format": "openai-responses-v1", "index": 1, "id": "r"},
        ], "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "mul", "arguments": '{"a": 7}'}}]},
        {"role": "tool", "tool_call_id": "call_1", "content": "91"},
        {"role": "assistant", "content": [
            {"type": "thinking", "thinking": [{"type": "text", "text": "Ah"}]}, {"type": "text", "text": "So."}]},
    ]}),
}  # fmt: skip


@pytest.mark.parametrize("name", AS_THEY_ARE)
def test_what_a_vendor_sent_is_exported_as_it_came(name: str) -> None:
    form, value = AS_THEY_ARE[name]
    assert again(form, value) == value


@pytest.mark.parametrize("name", AS_THEY_ARE)
def test_bare_lists_are_read_as_well(name: str) -> None:
    form, value = AS_THEY_ARE[name]
    bare = value[form_facts(form).list_key]
    assert len(read_list(form, bare).turns) == len(read_list(form, value).turns)


class TestPutAnotherWay:
    def test_messages_of_one_side_in_a_row_are_one_side_of_a_turn(self) -> None:
        said = read_list("openai-chat", [
            {"role": "user", "content": "a"}, {"role": "user", "content": "b"},
            {"role": "assistant", "content": "c"}, {"role": "assistant", "content": "d"},
        ])  # fmt: skip
        (turn,) = said.turns
        assert [p.text for p in turn.asked] == ["a", "b"] and [p.text for p in turn.answered] == ["c", "\n\nd"]

    def test_system_text_in_the_midst_goes_to_the_beginning_and_that_is_told(self) -> None:
        said = read_list("openai-chat", [
            {"role": "system", "content": "a"}, {"role": "user", "content": "b"},
            {"role": "developer", "content": "c"}, {"role": "assistant", "content": "d"},
        ])  # fmt: skip
        assert said.system == "a\n\nc" and len(said.turns) == 1
        assert said.remarks == ("$[2]: system text in the midst of a conversation is put to its beginning",)

    def test_a_last_message_without_an_answer_stays(self) -> None:
        said = read_list("gemini-generate", [{"parts": [{"text": "Well?"}]}])
        assert [p.text for p in said.turns[0].asked] == ["Well?"] and said.turns[0].answered == ()

    def test_an_answer_before_anything_was_asked_is_left_out(self) -> None:
        said = read_list("openai-chat", [
            {"role": "assistant", "content": "Hello!"}, {"role": "user", "content": "a"},
            {"role": "assistant", "content": "b"},
        ])  # fmt: skip
        assert len(said.turns) == 1 and said.remarks == ("$[0]: an answer before anything was asked is left out",)

    @pytest.mark.parametrize(
        ("form", "part"),
        [
            ("openai-chat", {"type": "image_url", "image_url": {"url": "http://x.example/a.png"}}),
            ("openai-responses", {"type": "input_image", "image_url": "http://x.example/a.png"}),
            ("anthropic-messages", {"type": "image", "source": {"type": "url", "url": "http://x.example/a.png"}}),
            ("gemini-generate", {"fileData": {"fileUri": "http://x.example/a.png"}}),
        ],
    )
    def test_pictures_and_files_leave_a_note(self, form: ListForm, part: Any) -> None:
        key = "parts" if form == "gemini-generate" else "content"
        said = read_list(form, [{"role": "user", key: [part]}])
        (piece,) = said.turns[0].asked
        assert piece.text.endswith(" left out]") and f"$[0].{key}[0]: " in said.remarks[0]
        assert "x.example" not in write_form(form, "Tea", None, turns_of(said, form)).text

    def test_what_is_kept_for_one_account_is_left_out(self) -> None:
        said = read_list("openai-responses", {"previous_response_id": "resp_1", "input": [
            {"type": "item_reference", "id": "rs_1"}, {"role": "user", "content": "a"},
        ]})  # fmt: skip
        assert len(said.turns) == 1 and [remark.split(":")[0] for remark in said.remarks] == [
            "$.previous_response_id", "$.input[0]",
        ]  # fmt: skip

    def test_a_result_without_its_call_is_told(self) -> None:
        said = read_list("openai-chat", [
            {"role": "user", "content": "a"}, {"role": "assistant", "content": "b"},
            {"role": "tool", "tool_call_id": "call_9", "content": "91"},
        ])  # fmt: skip
        assert said.remarks == ("$[2]: this result answers no call of the answer before it; it is kept, and not sent",)

    def test_a_thousand_remarks_are_cut(self) -> None:
        many = [{"role": "assistant", "content": "x"}] * 1000
        said = read_list("openai-chat", [*many, {"role": "user", "content": "a"}])
        assert len(said.remarks) == 21 and said.remarks[-1] == "and 980 more of the kind"

    def test_cache_marks_and_unknown_fields_stay_behind(self) -> None:
        said = read_list("openai-chat", [{"role": "user", "content": "a", "weight": 1, "name": "bob"}])
        assert said.remarks == ("$[0]: not taken over: weight",)
        block = {"type": "tool_use", "id": "1", "name": "n", "input": {}, "cache_control": {"type": "ephemeral"}}
        signed = again(
            "anthropic-messages", [{"role": "user", "content": "a"}, {"role": "assistant", "content": [block]}]
        )
        assert "cache_control" not in json.dumps(signed)


USER = {"role": "user", "content": "a"}
BAD: list[tuple[ListForm, Any, str]] = [
    ("openai-chat", {"messages": 7}, r"\$.messages: must be a list, not a number"),
    ("openai-chat", {}, r"\$: there is no message of the user in it"),
    ("openai-chat", "words", r"\$: must be a list, not text"),
    ("openai-chat", [7], r"\$\[0\]: must be an object, not a number"),
    ("openai-chat", [{"content": "a"}], r"\$\[0\].role: is missing"),
    ("openai-chat", [{"role": ["user"], "content": "a"}], r"\$\[0\].role: must be text, not a list"),
    (
        "openai-chat",
        [{"role": "oracle", "content": "a"}],
        r"\$\[0\].role: is 'oracle'; it must be one of user, assistant",
    ),
    ("openai-chat", [{"role": "user", "content": 7}], r"\$\[0\].content: must be a list, not a number"),
    (
        "openai-chat",
        [{"role": "user", "content": [{"type": "hologram"}]}],
        r"\$\[0\].content\[0\].type: content of type 'hol",
    ),
    ("openai-chat", [{"role": "user", "content": [{"type": "text", "text": 7}]}], r"content\[0\].text: must be text"),
    ("openai-chat", [USER, {"role": "assistant", "tool_calls": {}}], r"\$\[1\].tool_calls: must be a list"),
    (
        "openai-chat",
        [USER, {"role": "assistant", "tool_calls": [{"id": "1"}]}],
        r"tool_calls\[0\].function.name: is missing",
    ),
    ("openai-chat", [USER, {"role": "assistant", "reasoning_content": []}], r"\$\[1\].reasoning_content: must be text"),
    ("openai-chat", [USER, {"role": "assistant", "reasoning_details": "x"}], r"reasoning_details: must be a list"),
    ("anthropic-messages", [{"role": "tool", "content": "a"}], r"\$\[0\].role: is 'tool'"),
    ("anthropic-messages", [{"role": "user", "content": [{"type": "tool_result"}]}], r"tool_use_id: is missing"),
    ("anthropic-messages", [USER, {"role": "assistant", "content": [{"type": "thinking"}]}], r"thinking: is missing"),
    (
        "anthropic-messages",
        [USER, {"role": "assistant", "content": [{"type": "tool_use", "id": "1", "name": "n", "input": "{}"}]}],
        r"input: must be an object",
    ),
    (
        "anthropic-messages",
        [USER, {"role": "assistant", "content": [{"type": "thinking", "thinking": "", "signature": 7}]}],
        r"signature: must be text",
    ),
    ("openai-responses", [{"type": "function_call", "name": "n"}], r"\$\[0\].call_id: is missing"),
    ("openai-responses", [USER, {"type": "reasoning", "encrypted_content": {}}], r"encrypted_content: must be text"),
    (
        "openai-responses",
        [USER, {"role": "assistant", "content": [{"type": "hologram"}]}],
        r"content\[0\].type: content of type",
    ),
    (
        "gemini-generate",
        [{"role": "assistant", "parts": []}],
        r"\$\[0\].role: is 'assistant'; it must be one of user, model",
    ),
    (
        "gemini-generate",
        [{"role": "user", "parts": [{"hologram": {}}]}],
        r"parts\[0\].hologram: content of type 'hologram'",
    ),
    (
        "gemini-generate",
        [{"role": "user", "parts": [{"text": "a"}]}, {"role": "model", "parts": [{"functionCall": {"args": {}}}]}],
        r"functionCall.name: is missing",
    ),
]


@each(("form", "value", "said_so"), BAD)
def test_a_bad_list_is_refused_with_the_place(form: ListForm, value: Any, said_so: str) -> None:
    with pytest.raises(FormError, match=said_so):
        read_list(form, value)


JUNK: list[Any] = [
    None,
    True,
    7,
    1.5,
    "x",
    [],
    {},
    [None],
    {"a": None},
    [[1]],
    [{"type": 7}],
    {"type": []},
    {"role": {}},
]


@each("form", LISTS)
@each("seed", range(150))
def test_a_value_in_the_wrong_place_is_read_or_refused_and_never_breaks(form: ListForm, seed: int) -> None:
    dice = Dice(seed)
    value = json.loads(json.dumps(LISTS[form](dice)))
    at: Any = value
    while True:
        key = dice.random.choice(list(at) if isinstance(at, dict) else range(len(at)))
        if not isinstance(at[key], (dict, list)) or not at[key] or dice.happens(0.25):
            break
        at = at[key]
    at[key] = dice.random.choice(JUNK)
    try:
        read = read_list(form, value)
    except FormError as error:
        assert error.place.startswith("$")
        return
    for other in LISTS:
        write_form(other, "Tea", read.system, turns_of(read, form))  # type: ignore[arg-type]
    assert again(form, again(form, value)) == again(form, value)
