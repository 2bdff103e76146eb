"""Calls of earlier turns and what came back for them: each has to have the other, on every wire that checks it."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from .fields import JsonObject, as_object, as_text, objects

Ids = Callable[[JsonObject], list[str]]
"""The ids in one message, in their order."""


class Unmatched(Struct, frozen=True):
    """The first fault: `ids` of calls that have no result, or (`is_result`) of a result that has no call.

    `at` is the message with the calls, or the one with the result.
    """

    at: int
    ids: tuple[str, ...]
    is_result: bool = False

    @property
    def listed(self) -> str:
        return ", ".join(self.ids)


def unmatched_messages(
    messages: list[JsonObject], called: Ids, answered: Ids, *, at_once: bool = False
) -> Unmatched | None:
    """The first fault where results follow the calls at once; `at_once`: all of them in one message."""
    waiting: list[str] = []
    begun = 0
    for at, message in enumerate(messages):
        results = answered(message)
        for one in results:
            if one not in waiting:
                return Unmatched(at, (one,), is_result=True)
            waiting.remove(one)
        if waiting and (at_once or not results):
            return Unmatched(begun, tuple(waiting))
        if calls := called(message):
            waiting, begun = calls, at
    return Unmatched(begun, tuple(waiting)) if waiting else None


def unmatched_items(items: list[JsonObject], *, result: str, name: str) -> Unmatched | None:
    """The first fault in a list of items: `result` is the type of results, `name` the field with a call's id."""
    calls = {as_text(item.get(name)) or "": at for at, item in enumerate(items) if item.get("type") == "function_call"}
    open_ = dict(calls)
    for at, item in enumerate(items):
        if item.get("type") != result:
            continue
        id_ = as_text(item.get("call_id")) or ""
        if calls.get(id_, at) >= at:
            return Unmatched(at, (id_,), is_result=True)
        open_.pop(id_, None)
    return next((Unmatched(at, (id_,)) for id_, at in open_.items()), None)


def unmatched_chat(messages: list[JsonObject]) -> Unmatched | None:
    """The first fault in the messages of Chat."""
    return unmatched_messages(messages, _chat_calls, _chat_results)


def block_ids(kind: str, field: str) -> Ids:
    """What reads an id out of each block of a message that is of this type, or is held under this name."""

    def read(message: JsonObject) -> list[str]:
        blocks = objects(message.get("content"))
        held = (block if block.get("type") == kind else as_object(block.get(kind)) for block in blocks)
        return [as_text(one.get(field)) or "" for one in held if one is not None]

    return read


def _chat_calls(message: JsonObject) -> list[str]:
    calls = objects(message.get("tool_calls")) if message.get("role") == "assistant" else []
    return [as_text(one.get("id")) or "" for one in calls]


def _chat_results(message: JsonObject) -> list[str]:
    return [as_text(message.get("tool_call_id")) or ""] if message.get("role") == "tool" else []
