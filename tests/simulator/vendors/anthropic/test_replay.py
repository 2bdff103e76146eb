"""Thinking that comes back: bound to model, account and prefix, refused or dropped and told; caches and the context."""

from __future__ import annotations

from typing import Any

import pytest

BINDING = {"anthropic-beta": "thinking-binding-controls-2026-08-01"}
EDITING = {"anthropic-beta": "context-management-2025-06-27"}
MISMATCH = "bound to a different conversation"


class Chat:
    """A conversation that sends back all that it got."""

    def __init__(self, vendors: Any, **usual: Any) -> None:
        self.vendors, self.usual, self.messages = vendors, usual, list[dict[str, Any]]()

    def say(self, text: str, **more: Any) -> dict[str, Any]:
        reply = self.send(text, **more)
        assert reply.status_code == 200, reply.text
        self.messages += [{"role": "user", "content": text}, {"role": "assistant", "content": reply.json()["content"]}]
        return reply.json()

    def send(self, text: str, **more: Any) -> Any:
        return self.vendors.anthropic(**self.usual | more, messages=[*self.messages, {"role": "user", "content": text}])


def told(reply: dict[str, Any]) -> list[tuple[str, str, str]]:
    entries = reply.get("input_transformations", [])
    return [(entry["type"], entry["path"], entry["reason"]) for entry in entries]


def drop(behavior: str = "drop_block") -> dict[str, Any]:
    return {"type": "adaptive", "block_binding": {"prefix_mismatch_behavior": behavior}}


def test_an_unchanged_history_is_read_and_billed(vendors):
    chat = Chat(vendors, headers=BINDING)
    first, second, third = (chat.say(text) for text in ("One?", "Two?", "Three?"))
    assert told(second) == told(third) == []
    thought = first["usage"]["output_tokens_details"]["thinking_tokens"]
    chat.messages[1]["content"] = [block for block in chat.messages[1]["content"] if block["type"] == "text"]
    without = chat.say("Four?")
    assert told(without) == []  # the oldest may go
    assert third["usage"]["input_tokens"] > second["usage"]["input_tokens"] > thought


def test_a_changed_prefix_is_refused_dropped_or_let_through(vendors):
    chat = Chat(vendors)
    for text in ("One?", "Two?"):
        chat.say(text)
    refused = chat.send("Three?", system="Be brief.")
    assert refused.status_code == 400 and MISMATCH in refused.text and "messages.1.content.0" in refused.text
    dropped = chat.send("Three?", system="Be brief.", headers=BINDING, thinking=drop()).json()
    why = "prefix_binding_mismatch"
    places = ["messages.1.content.0", "messages.3.content.0"]
    assert told(dropped) == [("thinking_dropped", place, why) for place in places]
    old = BINDING | {"x-api-key": "old-account"}
    allowed = chat.send("Three?", system="Be brief.", headers=old).json()
    assert told(allowed) == [("thinking_mismatch_allowed", place, why) for place in places]
    assert chat.send("Three?", system="Be brief.", headers=old, thinking=drop("error")).status_code == 400
    fable = Chat(vendors, model="claude-fable-5-2", headers=old)
    fable.say("One?")
    assert fable.send("Two?", system="Be brief.").status_code == 400
    assert "Input should be" in chat.send("Three?", headers=BINDING, thinking=drop("maybe")).text
    assert "Extra inputs" in chat.send("Three?", thinking=drop()).text


@pytest.mark.parametrize("change", [{"effort": "low"}, {"max_tokens": 9000}])
def test_effort_limits_and_marks_are_no_part_of_the_prefix(vendors, change):
    chat = Chat(vendors, headers=BINDING)
    chat.say("One?")
    chat.messages[0]["content"] = [{"type": "text", "text": "One?", "cache_control": {"type": "ephemeral"}}]
    more = {"output_config": change} if "effort" in change else change
    assert told(chat.say("Two?", **more)) == []


def test_a_gap_is_a_changed_prefix(vendors):
    chat = Chat(vendors)
    for text in ("One?", "Two?", "Three?"):
        chat.say(text)
    chat.messages[3]["content"] = chat.messages[3]["content"][1:]
    reply = chat.send("Four?")
    assert reply.status_code == 400 and "messages.5.content.0" in reply.text and MISMATCH in reply.text


def test_what_the_model_or_the_account_cannot_read_is_dropped_in_silence(vendors):
    chat = Chat(vendors, model="claude-fable-5-1")
    chat.say("One?")
    reply = chat.send("Two?", model="claude-opus-5-5", headers=BINDING)
    assert told(reply.json()) == [("thinking_dropped", "messages.1.content.0", "model_binding_mismatch")]
    assert told(chat.send("Two?", model="claude-opus-5-5").json()) == []  # who does not ask is not told
    sonnet = Chat(vendors, model="claude-sonnet-5-5")
    sonnet.say("One?")
    away = sonnet.send("Two?", headers=BINDING | {"x-api-key": "another"}).json()
    assert told(away) == [("thinking_dropped", "messages.1.content.0", "organization_binding_mismatch")]
    opus = Chat(vendors)
    opus.say("One?")
    assert told(opus.send("Two?", headers=BINDING | {"x-api-key": "another"}).json()) == []


def test_a_changed_block_is_refused(vendors):
    chat = Chat(vendors, thinking={"type": "adaptive", "display": "summarized"})
    chat.say("One?")
    block = chat.messages[1]["content"][0]
    block["thinking"] += "!"
    assert "cannot be modified" in chat.send("Two?").text
    block["signature"] = block["signature"][:-8] + "AAAA" + block["signature"][-4:]
    assert "Invalid `signature` in `thinking` block" in chat.send("Two?").text
    del block["signature"]
    assert "signature: Field required" in chat.send("Two?").text
    omitted = Chat(vendors)
    omitted.say("One?")
    omitted.messages[1]["content"][0]["thinking"] = "what is put here is ignored"
    assert omitted.send("Two?").status_code == 200


def test_a_growing_conversation_reads_its_own_beginning_from_the_cache(vendors):
    chat = Chat(vendors, cache_control={"type": "ephemeral"}, system="word " * 1500)
    first, second = chat.say("One?")["usage"], chat.say("Two?")["usage"]
    size = first["cache_creation_input_tokens"] + first["input_tokens"]
    assert size > 1500 and second["cache_read_input_tokens"] == first["cache_creation_input_tokens"]
    assert second["cache_creation_input_tokens"] > 0
    other = chat.send("Three?", output_config={"effort": "low"}).json()["usage"]
    assert other["cache_read_input_tokens"] == 0  # another effort has a cache of its own
    hour = chat.send("Three?", cache_control={"type": "ephemeral", "ttl": "1h"}).json()["usage"]
    assert hour["cache_creation"]["ephemeral_1h_input_tokens"] == hour["cache_creation_input_tokens"] > 0


def test_counting_counts_the_history(vendors, simulator, client):
    chat = Chat(vendors)
    chat.say("One?")
    messages = [*chat.messages, {"role": "user", "content": "Two?"}]
    url = f"{simulator.base_url}/anthropic/v1/messages/count_tokens"
    headers = {"x-api-key": "sim-key", "anthropic-version": "2023-06-01"}
    body = {"model": "claude-opus-5-5", "messages": messages}
    counted = client.post(url, json=body, headers=headers).json()
    assert counted["input_tokens"] == chat.send("Two?").json()["usage"]["input_tokens"]
    edits = {"edits": [{"type": "clear_thinking_20251015", "keep": {"type": "thinking_turns", "value": 1}}]}
    chat.say("Two?")
    longer = {**body, "messages": [*chat.messages, {"role": "user", "content": "Three?"}], "context_management": edits}
    cleared = client.post(url, json=longer, headers=headers | EDITING).json()
    assert cleared["context_management"]["original_input_tokens"] > cleared["input_tokens"]
    reply = chat.send("Three?", context_management=edits, headers=EDITING).json()
    (applied,) = reply["context_management"]["applied_edits"]
    assert applied["cleared_thinking_turns"] == 1
    saved = cleared["context_management"]["original_input_tokens"] - cleared["input_tokens"]
    assert applied["cleared_input_tokens"] == saved and reply["usage"]["input_tokens"] == cleared["input_tokens"]


def test_older_models_forget_earlier_thinking_free_of_charge(vendors):
    thinking = {"type": "enabled", "budget_tokens": 4000}
    chat = Chat(vendors, model="claude-sonnet-4-5", thinking=thinking)
    chat.say("One?")
    counted = chat.send("Two?").json()["usage"]["input_tokens"]
    chat.messages[1]["content"] = chat.messages[1]["content"][1:]
    assert chat.send("Two?").json()["usage"]["input_tokens"] == counted


def test_a_conversation_is_summed_up_in_a_signed_block(vendors, frames):
    chat = Chat(vendors)
    chat.say("One?")
    beta = {"anthropic-beta": "compact-2026-09-04"}
    assert vendors.anthropic(compaction={"type": "summarize"}, headers=beta).status_code == 400
    reply = chat.send("Two?", compaction={"type": "summarize"}, headers=beta).json()
    assert reply["stop_reason"] == "compaction" and [block["type"] for block in reply["content"]] == ["compaction"]
    (step,) = reply["usage"]["iterations"]
    assert step["type"] == "compaction" and step["input_tokens"] > 0
    block = reply["content"][0]
    messages = [{"role": "assistant", "content": [block]}, {"role": "user", "content": "Three?"}]
    short = vendors.anthropic(messages=messages)
    assert short.status_code == 200 and short.json()["usage"]["input_tokens"] < step["input_tokens"]
    messages[0]["content"] = [block | {"content": "something else"}]
    assert "compaction_block_content_mismatch" in vendors.anthropic(messages=messages).text
    messages[0]["content"] = [{"type": "text", "text": "x"}, block]
    assert "compaction_block_misplaced" in vendors.anthropic(messages=messages).text
    streamed = frames(chat.send("Two?", compaction={"type": "summarize"}, headers=beta, stream=True))
    (delta,) = [frame["delta"] for frame in streamed if frame.get("delta", {}).get("type") == "compaction_delta"]
    assert delta["content"] == block["content"]


def test_a_conversation_beyond_the_trigger_is_compacted_before_it_is_answered(vendors):
    beta = {"anthropic-beta": "compact-2026-01-12"}
    chat = Chat(vendors, headers=beta)
    chat.say("word " * 60_000)
    edits = {"edits": [{"type": "compact_20260112", "trigger": {"type": "input_tokens", "value": 50_000}}]}
    reply = chat.send("Two?", context_management=edits).json()
    assert [block["type"] for block in reply["content"]] == ["compaction", "thinking", "text"]
    assert [step["type"] for step in reply["usage"]["iterations"]] == ["compaction", "message"]
    assert reply["usage"]["input_tokens"] < 1000 < reply["usage"]["iterations"][0]["input_tokens"]
    edits["edits"][0]["trigger"]["value"] = 100
    assert "50000" in chat.send("Two?", context_management=edits).text
