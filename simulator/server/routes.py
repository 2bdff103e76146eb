"""Every endpoint of the simulator: which path belongs to which vendor, and who answers it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..batches.backend import BatchBackend
from ..calls.endpoint import Endpoint
from ..calls.vendor import Vendor
from ..vendors.anthropic import routes as anthropic
from ..vendors.anthropic.replies import ANTHROPIC
from ..vendors.bedrock import routes as bedrock
from ..vendors.bedrock.replies import BEDROCK
from ..vendors.cohere import routes as cohere
from ..vendors.cohere.replies import COHERE
from ..vendors.compatible import routes as compatible
from ..vendors.compatible.replies import COMPATIBLE
from ..vendors.google import routes as google
from ..vendors.google.replies import GOOGLE
from ..vendors.groq import routes as groq
from ..vendors.groq.replies import GROQ
from ..vendors.mistral import routes as mistral
from ..vendors.mistral.replies import MISTRAL
from ..vendors.ollama import routes as ollama
from ..vendors.ollama.replies import OLLAMA
from ..vendors.openai import routes as openai
from ..vendors.openai.replies import OPENAI_CHAT
from ..vendors.vertex import routes as vertex
from ..vendors.xai import routes as xai
from ..vendors.xai.replies import XAI

#: The vendors with the paths below which they are, and their endpoints.
VENDORS: tuple[tuple[Vendor, str, Callable[[BatchBackend], Iterable[Endpoint]]], ...] = (
    (ANTHROPIC, anthropic.BASE, anthropic.endpoints),
    (OPENAI_CHAT, openai.BASE, openai.endpoints),
    (BEDROCK, bedrock.BASE, bedrock.endpoints),
    (GOOGLE, google.BASE, google.endpoints),
    (vertex.VERTEX, vertex.BASE, vertex.endpoints),
    (COHERE, cohere.BASE, cohere.endpoints),
    (MISTRAL, mistral.BASE, mistral.endpoints),
    (XAI, xai.BASE, xai.endpoints),
    (GROQ, groq.BASE, groq.endpoints),
    (OLLAMA, ollama.BASE, ollama.endpoints),
    (COMPATIBLE, compatible.BASE, compatible.endpoints),
)
BASE_PATHS = tuple(base for _, base, _ in VENDORS)


def all_endpoints(backend: BatchBackend) -> tuple[Endpoint, ...]:
    """The endpoints of all vendors. Those of one vendor are tried in their order."""
    return tuple(endpoint for _, _, endpoints in VENDORS for endpoint in endpoints(backend))


def vendor_of(path: str) -> Vendor:
    """Who says that a path does not exist: the vendor whose name it begins with, else OpenAI."""
    return next((vendor for vendor, _, _ in VENDORS if path.startswith(f"/{vendor.name}/")), OPENAI_CHAT)
