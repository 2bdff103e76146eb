"""Message lists as other programs write them, made at random, with everything that a stranger might put into one."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

SECRET = "0paque+/_="
"""Stands in every value that only a provider can read."""
ODD = "odd-native"
"""Stands in every field that nobody but the wire it came from knows."""

Made = dict[str, Any]


class Dice:
    """Random words, and tool calls that sometimes lack their other half."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.count = 0

    def happens(self, share: float) -> bool:
        return self.random.random() < share

    def words(self) -> str:
        self.count += 1
        return self.random.choice(
            (f"Words {self.count}.", f"Zeile {self.count}\n\n# – 茶 🫖", f"<b>{self.count}</b> \u2028")
        )

    def turns(self) -> range:
        return range(self.random.randint(1, 5))

    def calls(self) -> list[tuple[str, str, str]]:
        """(id, name, arguments) of the calls of one answer."""
        if not self.happens(0.4):
            return []
        made: list[tuple[str, str, str]] = []
        for _ in range(self.random.randint(1, 2)):
            self.count += 1
            name = self.random.choice(("mul", "functions.mul", "web search", "x" * 90))
            made.append((f"call_{self.count}{self.random.choice(('', '|fc:7', '=='))}", name, '{"a":7,"b":"茶"}'))
        return made

    def answered(self, calls: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
        """(id, name, output) for most of the calls, and now and then for one that nobody made."""
        given = [(id_, name, self.words()) for id_, name, _ in calls if self.happens(0.85)]
        return [*given, ("call_nobody", "mul", "91")] if self.happens(0.1) else given


def chat(dice: Dice) -> Made:
    messages: list[Made] = []
    if dice.happens(0.6):
        messages.append({"role": dice.random.choice(("system", "developer")), "content": dice.words()})
    results: list[tuple[str, str, str]] = []
    for _ in dice.turns():
        messages += [{"role": "tool", "tool_call_id": i, "content": out} for i, _, out in results]
        if not results or dice.happens(0.5):
            messages.append({"role": "user", "content": dice.words()})
        answer: Made = {"role": "assistant", "content": dice.words()}
        if dice.happens(0.4):
            answer[dice.random.choice(("reasoning_content", "reasoning"))] = dice.words()
        elif dice.happens(0.4):
            answer["reasoning_details"] = [
                {"type": "reasoning.text", "text": dice.words(), "signature": SECRET, "format": ODD, "index": 0},
                {"type": "reasoning.encrypted", "data": SECRET, "format": ODD, "index": 1},
            ]
        calls = dice.calls()
        if calls:
            answer["tool_calls"] = [
                {"id": i, "type": "function", "function": {"name": n, "arguments": a}} for i, n, a in calls
            ]
        messages.append(answer)
        results = dice.answered(calls)
    return {"messages": messages}


def anthropic(dice: Dice) -> Made:
    messages: list[Made] = []
    results: list[tuple[str, str, str]] = []
    for _ in dice.turns():
        asked: list[Made] = [
            {"type": "tool_result", "tool_use_id": i, "content": out, "is_error": False} for i, _, out in results
        ]
        asked.append({"type": "text", "text": dice.words()})
        messages.append({"role": "user", "content": asked[0]["text"] if len(asked) == 1 else asked})
        answer: list[Made] = []
        if dice.happens(0.5):
            answer.append({"type": "thinking", "thinking": dice.random.choice(("", dice.words())), "signature": SECRET})
        if dice.happens(0.3):
            answer.append({"type": "redacted_thinking", "data": SECRET})
        answer.append({"type": "text", "text": dice.words()})
        if dice.happens(0.2):
            answer.append({"type": "server_tool_use", "id": "srv_1", "name": "web_search", "input": {ODD: SECRET}})
        calls = dice.calls()
        answer += [{"type": "tool_use", "id": i, "name": n, "input": json.loads(a)} for i, n, a in calls]
        messages.append({"role": "assistant", "content": answer[0]["text"] if _is_text(answer) else answer})
        results = dice.answered(calls)
    head = {"system": dice.words()} if dice.happens(0.5) else {}
    return {**head, "messages": messages}


def _is_text(blocks: list[Made]) -> bool:
    return len(blocks) == 1 and blocks[0]["type"] == "text"


def responses(dice: Dice) -> Made:
    items: list[Made] = []
    results: list[tuple[str, str, str]] = []
    for _ in dice.turns():
        items += [{"type": "function_call_output", "call_id": i, "output": out} for i, _, out in results]
        items.append({"role": "user", "content": dice.words()})
        if dice.happens(0.6):
            items.append({
                "type": "reasoning", "id": f"rs_{ODD}", "summary": [{"type": "summary_text", "text": dice.words()}],
                "encrypted_content": SECRET,
            })  # fmt: skip
        if dice.happens(0.5):
            items.append({"role": "assistant", "content": dice.words()})
        else:
            content = [{"type": "output_text", "text": dice.words(), "annotations": []}]
            items.append({
                "type": "message", "id": f"msg_{ODD}", "role": "assistant", "status": "completed", "content": content,
                "phase": "final_answer",
            })  # fmt: skip
        if dice.happens(0.2):
            items.append({"type": "web_search_call", "id": f"ws_{ODD}", "status": "completed"})
        calls = dice.calls()
        items += [{"type": "function_call", "call_id": i, "name": n, "arguments": a} for i, n, a in calls]
        results = dice.answered(calls)
    head = {"instructions": dice.words()} if dice.happens(0.5) else {}
    return {**head, "input": items}


def gemini(dice: Dice) -> Made:
    contents: list[Made] = []
    results: list[tuple[str, str, str]] = []
    for _ in dice.turns():
        asked: list[Made] = [
            {"functionResponse": {"id": i, "name": n, "response": {"result": out}}} for i, n, out in results
        ]
        contents.append({"role": "user", "parts": [*asked, {"text": dice.words()}]})
        parts: list[Made] = []
        if dice.happens(0.4):
            parts.append({"text": dice.words(), "thought": True})
        parts.append({"text": dice.words()})
        if dice.happens(0.5):
            parts.append({"text": dice.words(), "thoughtSignature": SECRET})
        if dice.happens(0.2):
            parts.append({"executableCode": {"language": "PYTHON", "code": ODD}, "thoughtSignature": SECRET})
        calls = dice.calls()
        for i, n, a in calls:
            called: Made = {"functionCall": {"id": i, "name": n, "args": json.loads(a)}}
            parts.append({**called, "thoughtSignature": SECRET} if dice.happens(0.5) else called)
        contents.append({"role": "model", "parts": parts})
        results = dice.answered(calls)
    head = {"systemInstruction": {"parts": [{"text": dice.words()}]}} if dice.happens(0.5) else {}
    return {**head, "contents": contents}


LISTS: dict[str, Callable[[Dice], Made]] = {
    "openai-chat": chat,
    "anthropic-messages": anthropic,
    "openai-responses": responses,
    "gemini-generate": gemini,
}
