"""The models of Mistral, as data. This table is the simulator's own and is shared with nobody.

State of the vendor's documentation in November 2026: https://docs.mistral.ai/studio/conversations/reasoning
"""

from __future__ import annotations

from msgspec.structs import replace

from ...answers.thinking import LOW_TO_HIGH
from ...openai_family.hosted_model import HostedModel

_TWO = HostedModel("", ("none", "high"), "none")
_FIXED = HostedModel("", (), "none")
_GLM = HostedModel("", ("low", "high", "max"), "max")

MISTRALS = (
    HostedModel("mistral-large-4", LOW_TO_HIGH, "medium"),
    HostedModel("mistral-large-4-0", LOW_TO_HIGH, "medium"),
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

_MISTRAL_NAMES = {model.id: model for model in MISTRALS}


def find_mistral(model: str) -> HostedModel | None:
    """The Mistral model with this id, or None."""
    return _MISTRAL_NAMES.get(model)
