"""The configuration that `thinkdial simulate` prints: profiles that call the simulator."""

from __future__ import annotations

from ....simulator import ARMS, KnownArm
from ..run.demo import DEMO_KEY, PATHS

_HEAD = """\
# profiles that call the simulator; the headers stand in for keys, so yours stay at home
# by `simulated` it is known that nothing was charged: it is in no budget and in no spending
profiles:"""
_FACTS = "can_be_off: true, visibility: hidden"
_KNOWN = {
    "anthropic": ("claude-opus-5-5", f"x-api-key: {DEMO_KEY}"),
    "openai": ("gpt-6-sol", f"authorization: Bearer {DEMO_KEY}"),
    "google": ("gemini-4-argon", f"x-goog-api-key: {DEMO_KEY}"),
}


def simulated_profiles(base_url: str, mark: str) -> str:
    """YAML with `sim-PROVIDER` for the stand-ins of vendors, the group `sim` of them, and the arms of known truth."""
    lines = [_HEAD]
    for provider, path in PATHS.items():
        model, header = _KNOWN[provider]
        lines += [
            f"  sim-{provider}:",
            f"    provider: {provider}",
            f"    model: {model}",
            f"    base_url: {base_url}{path}",
            f"    headers: {{{header}}}",
            f"    simulated: {mark}",
        ]
    lines.append("  # models whose truth is known (of sums such as 17 + 25), for trying how a choice is made")
    lines += [line for arm in ARMS.values() for line in _arm(arm, base_url, mark)]
    names = ", ".join(f"sim-{provider}" for provider in PATHS)
    return "\n".join([*lines, f"groups: {{sim: [{names}]}}"])


def _arm(arm: KnownArm, base_url: str, mark: str) -> list[str]:
    return [
        f"  {arm.id}:  # {arm.says}",
        "    provider: openai-compatible",
        f"    model: {arm.id}",
        f"    base_url: {base_url}/compatible/v1",
        f"    price: {{input: {arm.input_usd:g}, output: {arm.output_usd:g}}}",
        f"    {_dial(arm)}",
        f"    simulated: {mark}",
    ]


def _dial(arm: KnownArm) -> str:
    if arm.takes_budgets:
        fields = "{budget: {reasoning_budget: $budget}, off: {reasoning_effort: none}}"
        return f"thinking: {{control: budget, budget: {{min: 64, max: 65536}}, {_FACTS}, fields: {fields}}}"
    return (
        f"thinking: {{control: effort, levels: [{', '.join(arm.levels)}], absent: medium, {_FACTS}, "
        "spelling: {openai-chat: openai-chat-effort}}"
    )
