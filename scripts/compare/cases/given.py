"""Profiles that call the simulator, and rows: what most cases are given."""

from __future__ import annotations

import json
from typing import Any

from ..steps import Command, run

PROFILES = """
profiles:
  a: {provider: anthropic, base_url: "http://simulator/anthropic", model: claude-opus-5-5, api_key_env: SIM_KEY}
  haiku: {provider: anthropic, base_url: "http://simulator/anthropic", model: claude-haiku-4-5, api_key_env: SIM_KEY}
  o: {provider: openai, base_url: "http://simulator/openai/v1", model: gpt-6-sol, api_key_env: SIM_KEY}
  chat:
    provider: openai
    base_url: http://simulator/openai/v1
    model: gpt-6-sol
    dialect: openai-chat
    api_key_env: SIM_KEY
  g: {provider: google, base_url: "http://simulator/google", model: gemini-4-argon, api_key_env: SIM_KEY}
  m: {provider: mistral, base_url: "http://simulator/mistral", model: mistral-medium-latest, api_key_env: SIM_KEY}
  x: {provider: xai, base_url: "http://simulator/xai/v1", model: grok-4.3, api_key_env: SIM_KEY}
  q: {provider: groq, base_url: "http://simulator/groq/openai/v1", model: openai/gpt-oss-120b, api_key_env: SIM_KEY}
  router: {provider: openrouter, base_url: "http://simulator/compatible/v1", model: sim-double, api_key_env: SIM_KEY}
  local: {provider: openai-compatible, base_url: "http://simulator/compatible/v1", model: sim-reasoning-content}
  priced:
    provider: openai-compatible
    base_url: http://simulator/compatible/v1
    model: sim-inline-think
    price: {input: 100, output: 400}
    max_output_tokens: 500
    params: {temperature: 0.2}
  plain:
    provider: openai
    base_url: http://simulator/openai/v1
    model: gpt-4.1
    dialect: openai-chat
    api_key_env: SIM_KEY
  own:
    provider: openai-compatible
    base_url: http://simulator/compatible/v1
    model: qwen3
    quirks: {reasoning_fields: [thoughts, reasoning_content], max_output_field: max_completion_tokens}
    thinking:
      control: effort
      levels: [low, high]
      can_be_off: true
      visibility: full
      fields:
        level: {chat_template_kwargs: {enable_thinking: true, effort: $level}}
        off: {chat_template_kwargs: {enable_thinking: false}}
groups: {trio: [a, o, g], mixed: ["a@high", o, local]}
"""


def sim(line: str, code: int = 0, **more: Any) -> Command:
    """`line` with the profiles of `sim.yaml`."""
    return run(f"{line} --config sim.yaml", code, **more)


FAULTS = (
    "overloaded", "rate_limit", "quota", "server_error", "refusal", "content_filter", "overloaded_midstream",
    "disconnect", "disconnect_early", "garbage", "html", "wrong_content_type", "no_terminal", "huge_event:300000",
)  # fmt: skip
STYLES = (
    "sim-reasoning-content", "sim-reasoning", "sim-double", "sim-inline-think", "sim-unclosed-think", "sim-no-opener",
    "sim-usage-in-choice", "sim-no-done", "sim-error-200",
)  # fmt: skip
VENDORS = {
    "a": ("anthropic", "anthropic", "claude-opus-5-5", ""),
    "o": ("openai", "openai/v1", "gpt-6-sol", ""),
    "c": ("openai", "openai/v1", "gpt-6-sol", "openai-chat"),
    "g": ("google", "google", "gemini-4-argon", ""),
    "m": ("mistral", "mistral", "mistral-medium-latest", ""),
    "x": ("xai", "xai/v1", "grok-4.3", ""),
    "q": ("groq", "groq/openai/v1", "openai/gpt-oss-120b", ""),
    "l": ("openai-compatible", "compatible/v1", "sim-reasoning-content", ""),
}
"""Name -> provider, path in the simulator, model, dialect if not the usual one."""


def entry(provider: str, path: str, model: str, dialect: str = "", **more: object) -> dict[str, object]:
    """A profile that calls the simulator."""
    given: dict[str, object] = {"provider": provider, "base_url": f"http://simulator/{path}", "model": model}
    key = {} if provider == "openai-compatible" else {"api_key_env": "SIM_KEY"}
    return given | ({"dialect": dialect} if dialect else {}) | key | more


def config(profiles: dict[str, dict[str, object]], **more: object) -> str:
    """A configuration file; JSON is YAML."""
    return json.dumps({"profiles": profiles, **more}, indent=1)


ROWS = "".join(
    json.dumps(row, ensure_ascii=False) + "\n"
    for row in (
        {"id": "r0", "prompt": "Is 91 prime?", "note": "kept"},
        {"id": "r1", "prompt": "What is 7 + 5?", "expect": {"number": 12}},
        {"id": "r2", "prompt": "Grüße, in one word", "system": "Be brief.", "think": "off"},
        {"id": "r3", "prompt": "Say yes", "expect": {"contains": "yes"}, "max_output": 300},
        {"id": "r4", "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."},
                                  {"role": "user", "content": "Is 97 prime?"}], "expect": {"regex": "(?i)simulated"}},
        {"id": "r5", "prompt": "List three", "think": "2048", "expect": {"exact": "three"}},
    )
)  # fmt: skip
TABLE = 'id,name,city,note\n1,Ana,Lima,\n2,Bo,Oslo,"a, b"\n3,Çağ,İzmir,=1+1\n'
BAD_ROWS = (
    '{"id": "ok", "prompt": "fine"}\n{"id": "no", \nnot json\n{"id": "empty"}\n{"id": "ok", "prompt": "twice"}\n'
    '{"id": "t", "prompt": "x", "think": "huge"}\n{"id": "p", "prompt": "x", "profile": "nobody"}\n[1, 2]\n'
    '{"id": "e", "prompt": "x", "expect": {"regex": "("}}\n{"prompt": 7}\n\n{"id": "last", "prompt": "fine as well"}\n'
)
