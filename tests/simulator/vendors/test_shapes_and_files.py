"""Shapes of answers, tools and files on the wires beside OpenAI's, Anthropic's and Gemini's own: taken, or refused."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

from tests.files_made import pdf, png, wav

from ..conftest import Vendors

PNG, PDF, WAV = (b64encode(data).decode() for data in (png(280, 280), pdf(2), wav()))
WIDE = b64encode(png(10_001, 1)).decode()
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}
BOUNDED = {**SCHEMA, "properties": {"n": {"type": "integer", "minimum": 3}}}
FREE = {"type": "object", "properties": {"n": {"type": "integer"}}}


def said(words: str, *parts: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"role": "user", "content": [{"type": "text", "text": words}, *parts]}]


def image(data: str = PNG) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}


def shape(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "a", "schema": schema, "strict": True}}


def test_hosts_of_the_chat_wire_refuse_in_their_words(vendors: Vendors) -> None:
    wrong = list(_wrong(vendors))
    assert wrong == []


def _wrong(vendors: Vendors) -> Iterator[str]:
    any_json, oss, qwen = {"type": "json_object"}, "openai/gpt-oss-120b", "qwen/qwen3.8-27b"
    sound = {"type": "input_audio", "input_audio": WAV}
    for path, model, more, words in (
        ("groq/openai/v1", oss, {"response_format": any_json}, "must contain the word 'json' in some form"),
        ("groq/openai/v1", oss, {"response_format": shape(FREE)}, "`additionalProperties:false` must be set"),
        ("groq/openai/v1", qwen, {"response_format": shape(SCHEMA)}, "does not support response format `json_schema`"),
        ("groq/openai/v1", oss, {"messages": said("x", image())}, "value must be a string"),
        ("groq/openai/v1", qwen, {"messages": said("x", *[image()] * 6)}, "supports up to 5 images"),
        ("groq/openai/v1", qwen, {"messages": said("x", image(PDF))}, "invalid image data"),
        ("deepseek", "deepseek-v4-pro", {"response_format": any_json}, "Prompt must contain the word 'json'"),
        ("deepseek", "deepseek-v4-pro", {"messages": said("x", image())}, "unknown variant `image_url`"),
        ("mistral/v1", "mistral-large-4", {"response_format": shape({"type": "string"})}, "must be of type object"),
        ("mistral/v1", "mistral-large-4", {"messages": said("x", image(PDF))}, "could not be loaded"),
        ("mistral/v1", "mistral-large-4", {"messages": said("x", image(WIDE))}, "maximum of 10000 pixels"),
        ("mistral/v1", "mistral-large-4", {"messages": said("x", sound)}, "Audio input is not enabled"),
        ("compatible/v1", "m", {"messages": said("x", image(PDF))}, "Failed to load image"),
        ("compatible/v1", "m", {"messages": said("x", {"type": "file"})}, "unsupported content[].type"),
        ("cohere/v2", "command-a-reasoning-08-2025", {"messages": said("x", image())}, "not support image inputs"),
        ("cohere/v2", "command-a-plus-05-2026", {"messages": said("x", *[image()] * 21)}, "at most 20 images"),
        ("cohere/v2", "command-a-plus-05-2026", {"messages": said("x", image(PDF))}, "invalid image in message 0"),
        ("cohere/v2", "command-a-plus-05-2026",
         {"response_format": {"type": "json_object", "json_schema": BOUNDED}}, "keyword 'minimum' is not supported"),
        ("cohere/v2", "command-a-plus-05-2026",
         {"response_format": {"type": "json_object", "json_schema": FREE}}, "at least one required field"),
    ):  # fmt: skip
        where = f"/{path}/chat" if path.startswith("cohere") else f"/{path}/chat/completions"
        body = {"model": model, "messages": [{"role": "user", "content": "Hi"}], **more}
        reply = vendors.post(where, body, {"authorization": "Bearer k"})
        if reply.status_code < 400 or words not in reply.text:
            yield f"{path}: {words}: {reply.status_code} {reply.text[:200]}"
    for path, model, more in (
        ("/groq/openai/v1/chat/completions", oss, {"response_format": shape(SCHEMA)}),
        ("/mistral/v1/chat/completions", "mistral-large-4", {"messages": said("x", image())}),
        ("/cohere/v2/chat", "command-a-plus-05-2026", {"messages": said("x", image())}),
        ("/compatible/v1/chat/completions", "m", {"messages": said("x", image())}),
    ):
        body = {"model": model, "messages": [{"role": "user", "content": "Hi"}], **more}
        reply = vendors.post(path, body, {"authorization": "Bearer k"})
        if reply.status_code != 200:
            yield f"{path}: {reply.text[:200]}"


def converse(vendors: Vendors, *parts: dict[str, Any], model: str = "anthropic.claude-opus-4-6-v1", **more: Any) -> Any:
    body = {"messages": [{"role": "user", "content": [{"text": "Hi"}, *parts]}], **more}
    return vendors.post(f"/bedrock/model/{model}/converse", body, {"authorization": "Bearer k"})


def test_converse_takes_schemas_tools_and_files(vendors: Vendors) -> None:
    text = json.dumps(SCHEMA)
    told = {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": {"name": "a", "schema": text}}}}
    for model in ("anthropic.claude-opus-4-6-v1", "openai.gpt-oss-120b-1:0"):
        content = converse(vendors, model=model, outputConfig=told).json()["output"]["message"]["content"]
        assert set(json.loads(content[-1]["text"])) == {"n"}
    spec = {"toolSpec": {"name": "a", "description": "x", "inputSchema": {"json": SCHEMA}}}
    forced = {"tools": [spec], "toolChoice": {"tool": {"name": "a"}}}
    reply = converse(vendors, toolConfig=forced).json()
    called = reply["output"]["message"]["content"][-1]["toolUse"]
    assert (called["name"], set(called["input"]), reply["stopReason"]) == ("a", {"n"}, "tool_use")
    plain = converse(vendors).json()["usage"]["inputTokens"]
    picture = {"image": {"format": "png", "source": {"bytes": PNG}}}
    assert converse(vendors, picture).json()["usage"]["inputTokens"] == plain + 100
    paper = {"document": {"format": "pdf", "name": "a b", "source": {"bytes": PDF}}}
    assert converse(vendors, paper).json()["usage"]["inputTokens"] == plain + 3200
    held = paper["document"]
    for parts, words in (
        ([picture] * 21, "exceeds the maximum of 20"),
        ([{"document": {**held, "name": f"n{at}"}} for at in range(6)], "exceeds the maximum of 5"),
        ([{"document": {**held, "name": "a.pdf"}}], "can only contain alphanumeric characters"),
        ([paper, paper], "must be unique"),
        ([{"image": {"format": "bmp", "source": {"bytes": PNG}}}], "must satisfy enum value set"),
        ([{"image": {"format": "png", "source": {"s3Location": {"uri": "s3://a/b"}}}}], "s3Uri"),
        ([{"video": {"format": "mp4", "source": {"bytes": ""}}}], "doesn't support the video content block"),
    ):  # fmt: skip
        refused = converse(vendors, *parts)
        assert refused.status_code == 400 and words in refused.text, (words, refused.text)
    assert "image content block" in converse(vendors, picture, model="openai.gpt-oss-120b-1:0").text
    bounded = {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": {"schema": json.dumps(BOUNDED)}}}}
    assert "'minimum' is not supported" in converse(vendors, outputConfig=bounded).text


def test_interactions_take_files_and_know_what_was_uploaded(vendors: Vendors) -> None:
    def asked(part: dict[str, Any]) -> Any:
        content = [{"type": "text", "text": "Hi"}, part]
        body = {"model": "gemini-3.1-pro-preview", "input": [{"type": "user_input", "content": content}]}
        return vendors.post("/google/v1beta/interactions", body, {"x-goog-api-key": "k"})

    plain = asked({"type": "text", "text": ""}).json()["usage"]["total_input_tokens"]
    picture = {"type": "image", "mime_type": "image/png", "data": PNG}
    assert asked(picture).json()["usage"]["total_input_tokens"] == plain + 1120
    for part, words in (
        ({**picture, "data": PDF}, "Unable to process input image"),
        ({**picture, "data": "!"}, "Invalid base64"),
        ({"type": "document", "mime_type": "application/zip", "data": PDF}, "Unsupported MIME type"),
        ({"type": "image", "mime_type": "image/png", "uri": "https://x/v1beta/files/gone"}, "it may not exist"),
    ):
        refused = asked(part)
        assert refused.status_code in (400, 403) and words in refused.text, refused.text
