"""Rows of chat completions, files of them, and a short way to ask over raw HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx2

KEY = {"authorization": "Bearer sim-key"}
CHAT = "/v1/chat/completions"
QUESTION = [{"role": "user", "content": "How many times does the letter r occur in strawberry?"}]

Ask = Callable[..., httpx2.Response]


def asker(client: httpx2.Client, base: str) -> Ask:
    def ask(method: str, path: str, **given: Any) -> httpx2.Response:
        return client.request(method, base + path, headers=KEY | given.pop("headers", {}), **given)

    return ask


def lines(*rows: dict[str, Any]) -> dict[str, Any]:
    content = "".join(json.dumps(row) + "\n" for row in rows).encode()
    return {"data": {"purpose": "batch"}, "files": {"file": ("rows.jsonl", content)}}


def row(custom_id: str, **body: Any) -> dict[str, Any]:
    return {"custom_id": custom_id, "body": {"messages": [{"role": "user", "content": f"What is {custom_id}?"}]} | body}


def results(ask: Ask, file_id: str) -> dict[str, Any]:
    content = ask("GET", f"/files/{file_id}/content").text
    return {entry["custom_id"]: entry for entry in map(json.loads, content.splitlines())}
