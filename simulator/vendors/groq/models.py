"""The models that Groq serves, as data. This table is the simulator's own and is shared with nobody.

State of the vendor's documentation in November 2026: https://console.groq.com/docs/reasoning
"""

from __future__ import annotations

from ...answers.thinking import LOW_TO_HIGH
from ...openai_family.hosted_model import HostedModel

GROQS = (
    *(HostedModel(f"openai/gpt-oss-{size}", LOW_TO_HIGH, "medium") for size in ("20b", "120b", "safeguard-20b")),
    HostedModel("qwen/qwen3.8-27b", ("none", *LOW_TO_HIGH), "medium", tagged=True),
    *(HostedModel(name, ("none", "default"), "medium", tagged=True) for name in ("qwen/qwen3-32b", "qwen/qwen3.6-27b")),
    HostedModel("llama-3.3-70b-versatile", (), "none"),
    HostedModel("llama-3.1-8b-instant", (), "none"),
)

_GROQ_NAMES = {model.id: model for model in GROQS}


def find_groq(model: str) -> HostedModel | None:
    """The model that Groq serves under this id, or None."""
    return _GROQ_NAMES.get(model)
