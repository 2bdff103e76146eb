"""The name of a batch wire -> what speaks it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .anthropic import AnthropicBatches
from .contract import BatchApi, Route
from .google import GoogleBatches
from .mistral import MistralBatches
from .openai import OpenAIBatches
from .xai import XaiBatches

WIRES: Mapping[str, Callable[[Route], BatchApi]] = {
    "openai": OpenAIBatches,
    "anthropic": AnthropicBatches,
    "google": GoogleBatches,
    "mistral": MistralBatches,
    "xai": XaiBatches,
}
