"""Tools that the vendors run themselves: how often a simulated model does, and what it says that it did."""

from __future__ import annotations

from ..answers.thinking import fraction
from .call import ApiCall
from .fields import JsonObject, as_object, as_text, objects

MOST_USES = 3


def types_asked(call: ApiCall) -> list[str]:
    """The types of the tools of the request, in their order."""
    return [as_text(tool.get("type")) or "" for tool in objects(call.body.get("tools"))]


def has_functions(call: ApiCall) -> bool:
    """Whether functions of the caller's own are among the tools."""
    tools = objects(call.body.get("tools"))
    return any(tool.get("functionDeclarations") or tool.get("type") in ("function", "custom") for tool in tools)


def uses(call: ApiCall, tool: str) -> int:
    """How often the model uses the tool: once, or a few times."""
    return 1 + int(MOST_USES * fraction(call.seed, call.model, tool, str(call.body.get("messages"))[:200]))


def queries(call: ApiCall, tool: str) -> list[str]:
    """What it searched for."""
    return [f"simulated query {number + 1}" for number in range(uses(call, tool))]


def response_items(call: ApiCall) -> list[JsonObject]:
    """What a Responses API puts before its message: an item for each use."""
    items: list[JsonObject] = []
    for kind in types_asked(call):
        if kind in ("web_search", "web_search_preview"):
            for query in queries(call, kind):
                action: JsonObject = {"type": "search", "query": query, "queries": [query]}
                head: JsonObject = {"id": call.id("ws_", query, length=48), "type": "web_search_call"}
                items.append(head | {"status": "completed", "action": action})
        elif kind == "code_interpreter":
            items.append(
                {
                    "id": call.id("ci_", length=48),
                    "type": "code_interpreter_call",
                    "status": "completed",
                    "code": "print(1)",
                    "container_id": call.id("cntr_", length=48),
                    "outputs": None,
                }
            )
    return items


def anthropic_blocks(call: ApiCall) -> list[JsonObject]:
    """What Anthropic puts before its text: a use and its result, one after the other."""
    blocks: list[JsonObject] = []
    for kind in types_asked(call):
        name = kind.rpartition("_")[0]
        if name not in ("web_search", "web_fetch"):
            continue
        for query in queries(call, name):
            use = call.id("srvtoolu_01", name, query, length=22)
            page: JsonObject = {
                "type": f"{name}_result",
                "url": "https://example.com/",
                "title": "Simulated page",
                "encrypted_content": call.id("E", name, query, length=40),
                "page_age": None,
            }
            asked: JsonObject = {"query": query} if name == "web_search" else {"url": "https://example.com/"}
            found: object = [page] if name == "web_search" else page | {"content": {"type": "document"}}
            blocks.append({"type": "server_tool_use", "id": use, "name": name, "input": asked})
            blocks.append({"type": f"{name}_tool_result", "tool_use_id": use, "content": found})
    return blocks


def anthropic_container(call: ApiCall) -> JsonObject | None:
    """The box in which tools of 2026 run the code that filters what they find: the one that is named, or a new one."""
    dates = (kind.rpartition("_")[2] for kind in types_asked(call))
    if not any(date.isdecimal() and date >= "20260209" for date in dates):
        return None
    named = as_text(call.body.get("container")) or call.id("container_01", length=22)
    return {"id": named, "expires_at": "2027-12-31T00:00:00Z"}


def anthropic_counts(call: ApiCall) -> JsonObject:
    """The field of the usage that counts them; nothing where no such tool was asked for."""
    names = {kind.rpartition("_")[0] for kind in types_asked(call)}
    if not names & {"web_search", "web_fetch"}:
        return {}
    counts: JsonObject = {
        f"{name}_requests": uses(call, name) if name in names else 0 for name in ("web_search", "web_fetch")
    }
    return {"server_tool_use": counts}


def grounding(call: ApiCall) -> JsonObject:
    """What a candidate of Google's says of its searches; nothing where it was not asked to."""
    asked = any(as_object(tool.get("googleSearch")) is not None for tool in objects(call.body.get("tools")))
    if not asked:
        return {}
    return {"groundingMetadata": {"webSearchQueries": queries(call, "googleSearch"), "groundingChunks": []}}
