"""The models of the vendors that speak the wire of OpenAI Chat in a dialect of their own: Mistral, xAI, Groq. As data.

State of the vendors' documentation in November 2026: https://docs.mistral.ai/studio/conversations/reasoning,
https://docs.x.ai/docs/models, https://docs.x.ai/developers/pricing, https://console.groq.com/docs/reasoning
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Hosted:
    """A model by its id. No efforts: the dial is refused. `default` is the level when nothing is asked, "none" for off.

    Prices are in ticks per token (10,000,000,000 ticks are 1 USD; 2 USD per million tokens are 20,000 ticks each);
    `batch_share` is what is left of them in batches, None where batches are refused.
    """

    id: str
    efforts: tuple[str, ...]
    default: str
    input_ticks: int = 0
    output_ticks: int = 0
    batch_share: float | None = 0.5
    tagged: bool = False


_TWO = Hosted("", ("none", "high"), "none")
_FIXED = Hosted("", (), "none")
_GLM = Hosted("", ("low", "high", "max"), "max")

MISTRALS = (
    Hosted("mistral-large-4", ("low", "medium", "high"), "medium"),
    Hosted("mistral-large-4-0", ("low", "medium", "high"), "medium"),
    *(
        replace(_TWO, id=name)
        for name in (
            "mistral-medium-latest",
            "mistral-medium-2604",
            "mistral-medium-3.5",
            "mistral-small-latest",
            "mistral-small-2603",
            "magistral-small-latest",
            "magistral-medium-latest",
            "devstral-latest",
            "mistral-vibe-cli-latest",
        )
    ),
    *(replace(_GLM, id=name) for name in ("zai-glm-5", "zai-glm-5-3", "zai-glm-latest", "zai-glm-5-3-flash")),
    *(replace(_FIXED, id=name) for name in ("mistral-large-latest", "mistral-large-2512", "codestral-latest")),
)

_TO_HIGH = ("low", "medium", "high")
GROKS = (
    Hosted("grok-4.7", (*_TO_HIGH, "xhigh"), "high", 20_000, 60_000, 0.8),
    Hosted("grok-4.6", (*_TO_HIGH, "xhigh"), "high", 20_000, 60_000, None),
    Hosted("grok-4.5", (*_TO_HIGH, "xhigh"), "high", 20_000, 60_000, 0.8),
    Hosted("grok-4.3", ("none", *_TO_HIGH), "low", 12_500, 25_000, 0.8),
    Hosted("grok-4.20-reasoning", (), "medium", 12_500, 25_000, 0.8),
    Hosted("grok-4.20-non-reasoning", (), "none", 12_500, 25_000, 0.8),
    Hosted("grok-build-0.1", (), "medium", 10_000, 20_000, 0.8),
)

GROQS = (
    *(Hosted(f"openai/gpt-oss-{size}", _TO_HIGH, "medium") for size in ("20b", "120b", "safeguard-20b")),
    Hosted("qwen/qwen3.8-27b", ("none", *_TO_HIGH), "medium", tagged=True),
    *(Hosted(name, ("none", "default"), "medium", tagged=True) for name in ("qwen/qwen3-32b", "qwen/qwen3.6-27b")),
    Hosted("llama-3.3-70b-versatile", (), "none"),
    Hosted("llama-3.1-8b-instant", (), "none"),
)

_BY_NAME = {model.id: model for model in (*MISTRALS, *GROKS, *GROQS)}
_MISTRAL_NAMES = frozenset(model.id for model in MISTRALS)
_GROK_NAMES = frozenset(model.id for model in GROKS)
_GROQ_NAMES = frozenset(model.id for model in GROQS)


def find_mistral(model: str) -> Hosted | None:
    """The Mistral model with this id, or None."""
    return _BY_NAME[model] if model in _MISTRAL_NAMES else None


def find_grok(model: str) -> Hosted | None:
    """The xAI model with this id, or None."""
    return _BY_NAME[model] if model in _GROK_NAMES else None


def find_groq(model: str) -> Hosted | None:
    """The model that Groq serves under this id, or None."""
    return _BY_NAME[model] if model in _GROQ_NAMES else None
