"""What a provider has sent goes back as it came: each decoder and writer, one after the other, over true shapes."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable
from typing import Any

from thinkdial.providers.fold import Reply
from thinkdial.providers.registry import NAMES, dialect
from thinkdial.providers.turns.pieces import TurnPiece, piece_of_document
from thinkdial.providers.turns.turn import Exchanged, Manner, said

from ...cases import each

CALLED = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": '{"at":1}'}}


def anthropic(content: list[Any]) -> dict[str, Any]:
    return {"type": "message", "model": "m", "stop_reason": "end_turn", "usage": {}, "content": content}


def converse(content: list[Any]) -> dict[str, Any]:
    return {"output": {"message": {"role": "assistant", "content": content}}, "stopReason": "end_turn"}


def gemini(parts: list[Any]) -> dict[str, Any]:
    return {"candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": "STOP"}]}


def chat(message: dict[str, Any]) -> dict[str, Any]:
    return {"choices": [{"message": message, "finish_reason": "stop"}]}


BLOCKS = [
    {"type": "thinking", "thinking": "", "signature": "c2ln+/="},
    {"type": "redacted_thinking", "data": "ZGF0YQ=="},
    {"type": "text", "text": "\n\n"},
    {"type": "thinking", "thinking": "Thought.", "signature": "second"},
    {"type": "text", "text": "Said.", "citations": [{"type": "web", "encrypted_index": "x"}]},
    {"type": "server_tool_use", "id": "srv_1", "name": "web_search", "input": {"query": "q"}},
    {"type": "web_search_tool_result", "tool_use_id": "srv_1", "content": [{"encrypted_content": "y"}]},
    {"type": "tool_use", "id": "t_1", "name": "look", "input": {"at": 1}},
    {"type": "compaction", "content": "Before.", "signature": "z", "encrypted_content": "w"},
]
PARTS = [
    {"text": "Thought.", "thought": True},
    {"text": "", "thought": True, "thoughtSignature": "a+/="},
    {"text": "Said "},
    {"text": "more.", "thoughtSignature": "b"},
    {"text": "", "thoughtSignature": "c"},
    {"thoughtSignature": "d"},
    {"functionCall": {"id": "f_1", "name": "look", "args": {"at": 1}}, "thought_signature": "e"},
    {"functionCall": {"name": "look", "args": {}}},
    {"executableCode": {"code": "1", "language": "PYTHON"}, "thoughtSignature": "g"},
    {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}},
    {"inlineData": {"mimeType": "image/png", "data": "aGk="}},
]
ITEMS = [
    {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "g+/=", "status": "completed"},
    {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "q"}},
    {"type": "reasoning", "id": "rs_2", "summary": [{"type": "summary_text", "text": "S."}], "encrypted_content": "h"},
    {
        "type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "phase": "commentary",
        "content": [{"type": "output_text", "text": "Wait.", "annotations": []}],
    },
    {"type": "reasoning", "id": "rs_3", "summary": [], "content": [{"type": "reasoning_text", "text": "R."}]},
    {
        "type": "message", "id": "msg_2", "role": "assistant", "status": "completed", "phase": "final_answer",
        "content": [{"type": "output_text", "text": "Said.", "annotations": []}],
    },
    {"type": "function_call", "id": "fc_1", "call_id": "c_1", "name": "look", "arguments": '{"at": 1}'},
    {"type": "custom_tool_call", "id": "ct_1", "call_id": "c_2", "name": "sing", "input": "la"},
    {"type": "compaction", "id": "cmp_1", "encrypted_content": "k"},
]  # fmt: skip
DETAILS = [
    {"type": "reasoning.summary", "summary": "S.", "format": "openai-responses-v1", "index": 0},
    {"type": "reasoning.encrypted", "data": "d+/=", "id": "rs_1", "format": "openai-responses-v1", "index": 0},
    {"type": "reasoning.text", "text": "T.", "signature": "s", "format": "anthropic-claude-v1", "index": 1},
    {"type": "reasoning.server_tool_call", "tool_name": "search", "arguments": "{}", "index": 2},
]
STEPS = [
    {"type": "thought", "signature": "a+/=", "summary": [{"type": "text", "text": "Thought."}]},
    {"type": "thought", "signature": "b"},
    {"type": "google_search_call", "id": "g_1", "arguments": {"queries": ["q"]}, "signature": "c"},
    {"type": "model_output", "content": [{"type": "text", "text": "Said."}]},
    {"type": "function_call", "id": "f_1", "name": "look", "arguments": {"at": 1}, "signature": "d"},
]
THINKING = {"type": "thinking", "thinking": [{"type": "text", "text": "T."}], "signature": "s"}
SAYS = {"role": "assistant", "content": "Said."}

TRAFFIC: list[tuple[str, Any, list[Any]]] = [
    ("anthropic-messages", anthropic(BLOCKS), [{"role": "assistant", "content": BLOCKS}]),
    ("bedrock-invoke", anthropic(BLOCKS), [{"role": "assistant", "content": BLOCKS}]),
    *(
        ("bedrock-converse", converse(content), [{"role": "assistant", "content": content}])
        for content in (
            [
                {"reasoningContent": {"reasoningText": {"text": "", "signature": "c2ln+/="}}},
                {"reasoningContent": {"redactedContent": "ZGF0YQ=="}},
                {"text": "Said."},
                {"toolUse": {"toolUseId": "t_1", "name": "look", "input": {"at": 1}}},
            ],
        )
    ),
    ("gemini-generate", gemini(PARTS), [{"role": "model", "parts": PARTS}]),
    ("gemini-interactions", {"status": "completed", "steps": STEPS}, STEPS),
    ("openai-responses", {"object": "response", "status": "completed", "output": ITEMS}, ITEMS),
    *(
        ("openai-chat", chat(message), [message])
        for message in (
            {**SAYS, "reasoning_content": "Thought."},
            {**SAYS, "reasoning": "Thought."},
            {**SAYS, "reasoning_details": DETAILS},
            {**SAYS, "reasoning_content": "Thought.", "content": None, "tool_calls": [CALLED]},
            {**SAYS, "tool_calls": [{**CALLED, "extra_content": {"google": {"thought_signature": "e"}}}, CALLED]},
        )
    ),
    *(
        ("mistral-chat", chat({"content": content}), [{"role": "assistant", "content": content}])
        for content in (
            "Said.",
            [THINKING, {"type": "text", "text": "Said."}],
            [THINKING, {"type": "text", "text": "Said."}, THINKING, {"type": "text", "text": "More."}],
        )
    ),
    *(
        ("cohere-chat", {"message": message, "finish_reason": "COMPLETE"}, [message])
        for message in (
            {"role": "assistant", "content": [{"type": "thinking", "thinking": "T."}, {"type": "text", "text": "S."}]},
            {"role": "assistant", "tool_plan": "I look.", "tool_calls": [CALLED]},
        )
    ),
    *(
        ("ollama-chat", {"message": message, "done": True, "done_reason": "stop"}, [message])
        for message in (
            {"role": "assistant", "content": "Said.", "thinking": "Thought."},
            {
                "role": "assistant",
                "content": "",
                "thinking": "Thought.",
                "tool_calls": [{"function": {"name": "look", "arguments": {"at": 1}}}],
            },
        )
    ),
]


def written(name: str, pieces: Iterable[TurnPiece], manner: Manner = Manner()) -> list[Any]:  # noqa: B008 - frozen
    module: Any = dialect(name)
    return module.write([Exchanged((), tuple(pieces))], manner)


@each(("name", "body", "expected"), TRAFFIC)
def test_an_answer_goes_back_as_it_came(speak: Callable[..., Any], name: str, body: Any, expected: list[Any]) -> None:
    reply: Reply = speak(name).whole(copy.deepcopy(body))
    assert written(name, reply.pieces, Manner(details=True)) == expected
    stored = [piece_of_document(json.loads(json.dumps(piece.document()))) for piece in reply.pieces]
    assert stored == reply.pieces


@each("name", NAMES)
def test_plain_turns_are_the_messages_that_a_call_without_a_past_has(speak: Callable[..., Any], name: str) -> None:
    api, module = speak(name), dialect(name)
    plain: Any = module
    messages = plain.write([Exchanged(said("How many r?"))], Manner())
    assert api.body(written=tuple(messages)) == api.body()


@each("name", NAMES)
def test_results_join_their_calls(name: str) -> None:
    call = TurnPiece("call", '{"at":1}', id="call_1", name="look")
    result = TurnPiece("result", "seen", id="call_1", name="look")
    module: Any = dialect(name)
    told = json.dumps(module.write([Exchanged(said("Q"), (call,)), Exchanged((result,))], Manner()))
    assert told.index("Q") < told.index('"at') < told.index("seen") and told.count("look") >= 1
    assert told.count("call_1") == 2


def test_items_without_ids_are_plain_messages() -> None:
    reasoning = TurnPiece("encrypted", "", "reasoning", {"encrypted_content": "g"}, {"summary": []}, "rs_1")
    text = TurnPiece("text", "Said.", "message", native={"phase": "final_answer", "content": []}, id="msg_1")
    assert written("openai-responses", [reasoning, text], Manner(with_ids=False)) == [
        {"type": "reasoning", "summary": [], "encrypted_content": "g"},
        {"role": "assistant", "content": "Said.", "phase": "final_answer"},
    ]


def test_plain_reasoning_has_the_field_of_its_route() -> None:
    pieces = [TurnPiece("thinking", "T.", "reasoning"), TurnPiece("text", "Said.", "content")]
    assert written("openai-chat", pieces, Manner("reasoning_content")) == [
        {"role": "assistant", "content": "Said.", "reasoning_content": "T."}
    ]
    assert written("openai-chat", pieces, Manner("tags")) == [
        {"role": "assistant", "content": "<think>T.</think>Said."}
    ]


def test_fragments_of_one_entry_are_one_entry(speak: Callable[..., Any]) -> None:
    def chunk(*entries: dict[str, Any], **fields: Any) -> dict[str, Any]:
        return {"choices": [{"delta": {"reasoning_details": list(entries)}, **fields}]}

    text = {"type": "reasoning.text", "format": "anthropic-claude-v1", "index": 0}
    reply = speak("openai-chat").stream(
        chunk({**text, "text": "One "}),
        chunk({**text, "text": "two."}),
        chunk({**text, "signature": "s"}),
        chunk({"type": "reasoning.encrypted", "data": "d", "index": 1}, {**text, "text": "Three.", "index": 2}),
        {"choices": [{"delta": {"content": "Said."}, "finish_reason": "stop"}]},
        done=True,
    )
    assert written("openai-chat", reply.pieces)[0]["reasoning_details"] == [
        {**text, "text": "One two.", "signature": "s"},
        {"type": "reasoning.encrypted", "data": "d", "index": 1},
        {**text, "text": "Three.", "index": 2},
    ]


def test_ciphertext_is_that_of_the_finished_item(speak: Callable[..., Any]) -> None:
    item = {"type": "reasoning", "id": "rs_1", "summary": []}
    reply = speak("openai-responses").stream(
        {"type": "response.output_item.added", "output_index": 0, "item": {**item, "encrypted_content": "half"}},
        {
            "type": "response.output_item.done",
            "output_index": 0,
            "item": {**item, "encrypted_content": "whole"},
        },
        {"type": "response.completed", "response": {"status": "completed", "output": []}},
    )
    assert [piece.opaque for piece in reply.pieces] == [{"encrypted_content": "whole"}]


def test_what_a_broken_stream_has_brought_is_kept_as_incomplete(speak: Callable[..., Any]) -> None:
    reply = speak("anthropic-messages").stream(
        {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "Hm"}},
    )
    assert reply.pieces == [TurnPiece("thinking", "Hm", "thinking", is_whole=False)]
    reply = speak("openai-responses").stream(
        {"type": "response.output_text.delta", "output_index": 1, "content_index": 0, "delta": "Sai"}
    )
    assert reply.pieces == [TurnPiece("text", "Sai", "message", is_whole=False)]
    reply = speak("openai-chat").stream({"choices": [{"delta": {"reasoning": "Hm", "content": "Sai"}}]})
    assert [(piece.text, piece.is_whole) for piece in reply.pieces] == [("Hm", False), ("Sai", False)]
