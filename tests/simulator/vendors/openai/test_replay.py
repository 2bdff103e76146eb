"""Items that come back: sealed for organization and model, removed and told, refused; and compaction."""

from __future__ import annotations

from typing import Any

import pytest

SEALED = ["reasoning.encrypted_content"]
STATELESS: dict[str, Any] = {"store": False, "include": SEALED}


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def told(reply: Any) -> list[tuple[str, str]]:
    assert reply.status_code == 200, reply.text
    return [(entry["action"], entry["reason"]) for entry in reply.json().get("input_transformations", [])]


@pytest.fixture
def first(vendors):
    """The items of a first turn, its user's message included."""
    reply = vendors.responses(input=[user("One?")], **STATELESS).json()
    assert [item["type"] for item in reply["output"]] == ["reasoning", "message"]
    return [user("One?"), *reply["output"]]


def test_ciphertext_comes_when_it_is_asked_for(vendors, frames):
    bare = vendors.responses(store=False).json()["output"][0]
    assert bare["encrypted_content"] is None
    streamed = frames(vendors.responses(stream=True, **STATELESS))
    added, done = (
        next(frame["item"] for frame in streamed if frame["type"] == f"response.output_item.{when}")
        for when in ("added", "done")
    )
    assert added["id"] == done["id"] and done["encrypted_content"].startswith(added["encrypted_content"])
    refused = vendors.responses(input=[user("One?"), added, *done_message(streamed), user("Two?")], **STATELESS)
    assert refused.status_code == 400 and "could not be decrypted or parsed" in refused.text
    whole = vendors.responses(input=[user("One?"), done, *done_message(streamed), user("Two?")], **STATELESS)
    assert told(whole) == []


def done_message(streamed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    items = [frame["item"] for frame in streamed if frame["type"] == "response.output_item.done"]
    return [item for item in items if item["type"] == "message"]


def test_what_is_sealed_for_others_is_removed_and_told(vendors, first):
    assert told(vendors.responses(input=[*first, user("Two?")], **STATELESS)) == []
    away = {"authorization": "Bearer another"}
    assert told(vendors.responses(input=[*first, user("Two?")], headers=away, **STATELESS)) == [
        ("removed", "organization_mismatch")
    ]
    assert told(vendors.responses(model="gpt-5.4", input=[*first, user("Two?")], **STATELESS)) == [
        ("removed", "model_mismatch")
    ]
    current = {"reasoning": {"context": "current_turn"}}
    assert told(vendors.responses(input=[*first, user("Two?")], **STATELESS, **current)) == [
        ("removed", "turn_boundary")
    ]


def test_shown_reasoning_is_billed_and_removed_is_not(vendors, first):
    asked = {"input": [*first, user("Two?")], **STATELESS}
    shown = vendors.responses(**asked).json()["usage"]["input_tokens"]
    hidden = vendors.responses(**asked, reasoning={"context": "current_turn"}).json()["usage"]["input_tokens"]
    plain = [item for item in first if item.get("type") != "reasoning"]
    plain[-1] = {"role": "assistant", "content": plain[-1]["content"]}
    without = vendors.responses(input=[*plain, user("Two?")], **STATELESS).json()["usage"]["input_tokens"]
    assert shown > hidden == without


def test_ids_go_on_both_or_on_neither(vendors, first):
    asked, thought, said = first
    bare_thought = {name: value for name, value in thought.items() if name != "id"}
    bare_said = {"role": "assistant", "content": said["content"]}
    for items, words in (
        ([asked, thought, bare_said], "without its required following item"),
        ([asked, thought], "without its required following item"),
        ([asked, said], "without its required 'reasoning' item"),
    ):
        refused = vendors.responses(input=[*items, user("Two?")], **STATELESS)
        assert refused.status_code == 400 and words in refused.text
    assert told(vendors.responses(input=[asked, bare_thought, bare_said, user("Two?")], **STATELESS)) == []


def test_what_is_not_stored_is_not_found(vendors):
    for store, status in ((False, 404), (True, 200)):
        output = vendors.responses(store=store).json()["output"]
        reply = vendors.responses(input=[user("One?"), *output, user("Two?")], store=store)
        assert reply.status_code == status, reply.text
        assert status == 200 or "Items are not persisted when `store` is set to false" in reply.text


def test_a_growing_conversation_reads_its_beginning_from_the_cache(vendors):
    long = user("word " * 1500)
    usage = vendors.responses(input=[long], prompt_cache_key="a", **STATELESS).json()["usage"]
    details = vendors.responses(input=[long, user("Two?")], prompt_cache_key="a", **STATELESS).json()["usage"][
        "input_tokens_details"
    ]
    assert details["cached_tokens"] == usage["input_tokens"] // 128 * 128 == 1408
    other = vendors.responses(input=[long, user("Two?")], prompt_cache_key="b", **STATELESS).json()["usage"]
    assert other["input_tokens_details"]["cached_tokens"] == 0


@pytest.mark.parametrize(
    ("vendor", "model", "kinds"), [("openai", "gpt-6-sol", ["user", "compaction"]), ("xai", "grok-4.7", ["compaction"])]
)
def test_a_conversation_is_compacted_to_one_item(simulator, client, vendor, model, kinds):
    base, headers = f"{simulator.base_url}/{vendor}/v1/responses", {"authorization": "Bearer k"}

    def post(path: str = "", **body: Any) -> Any:
        return client.post(base + path, json={"model": model, **body}, headers=headers)

    long = user("word " * 2000)
    reply = post(input=[long], **STATELESS).json()
    compacted = post("/compact", input=[long, *reply["output"]]).json()
    assert [item.get("role") or item["type"] for item in compacted["output"]] == kinds
    assert compacted["usage"]["input_tokens"] > 2000 and compacted["usage"]["output_tokens"] > 0
    after = post(input=[*compacted["output"], user("Two?")], **STATELESS)
    assert after.status_code == 200 and after.json()["usage"]["input_tokens"] < 1000
    item = compacted["output"][-1]
    changed = item | {"encrypted_content": item["encrypted_content"][:-9] + "AAAAAAAA="}
    assert post(input=[changed, user("Two?")], **STATELESS).status_code == 400


def test_a_long_conversation_is_compacted_on_the_way(vendors, frames):
    asked = {"input": [user("word " * 3000)], "context_management": [{"type": "compaction", "compact_threshold": 2000}]}
    assert [item["type"] for item in vendors.responses(**asked).json()["output"]] == [
        "compaction", "reasoning", "message",
    ]  # fmt: skip
    done = [frame for frame in frames(vendors.responses(stream=True, **asked)) if frame["type"].endswith("item.done")]
    assert [(frame["output_index"], frame["item"]["type"]) for frame in done] == [
        (0, "compaction"), (1, "reasoning"), (2, "message"),
    ]  # fmt: skip


def test_one_vendors_items_are_nothing_to_another(simulator, client, first):
    headers = {"authorization": "Bearer k"}
    body = {"model": "grok-4.7", "input": [*first, user("Two?")]}
    refused = client.post(f"{simulator.base_url}/xai/v1/responses", json=body, headers=headers)
    assert refused.status_code == 400 and "encrypted content" in refused.json()["error"]


def test_chat_has_no_field_for_reasoning(vendors):
    messages = [user("One?"), {"role": "assistant", "content": "Yes.", "reasoning_content": "Hm."}, user("Two?")]
    assert "Unknown parameter: 'messages[1].reasoning_content'" in vendors.chat(messages=messages).text
