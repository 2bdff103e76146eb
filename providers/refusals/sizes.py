"""Which errors say that a request is too large: for the model's context, or for a rate limit as a whole. Pure.

Most vendors give neither a code of its own, so the words decide. No pattern looks further than a few words ahead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..untrusted import bounded

CONTEXT: Mapping[str, str] = {
    r"prompt (?:is )?too long": "https://platform.claude.com/docs/en/build-with-claude/context-windows",
    r"context[ _](?:length|window)|maximum context": "https://developers.openai.com/api/docs/guides/error-codes",
    r"reduce the length of (?:the|your) (?:messages|prompt|input)": "https://console.groq.com/docs/errors",
    r"string too long\. expected a string with maximum length": "https://developers.openai.com/api/docs/guides/error-codes",
    r"input token count.{0,80}exceeds|exceeds the maximum number of tokens": "https://ai.google.dev/gemini-api/docs/tokens",
    r"maximum prompt length": "https://docs.x.ai/developers/debugging",
    r"input is too long|input tokens? exceed": "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html",
    r"too many tokens": "https://docs.cohere.com/reference/errors",
    r"model token limit": "https://platform.moonshot.ai/docs/api/errors",
    r"exceed_context_size|available context size": "https://github.com/ggml-org/llama.cpp/tree/master/tools/server",
    r"range of input length should be": "https://github.com/anomalyco/opencode/issues/45834",
    r"input length.{0,40}(?:exceeds|is longer than)|maximum (?:allowed )?input length": "https://github.com/earendil-works/pi/issues/4943",
    r"`?inputs`? (?:tokens \+ `?max_new_tokens`? must be <=|must have less than)": "https://github.com/huggingface/text-generation-inference",
    r"prompt token count.{0,40}exceeds": "https://github.com/openxjarvis/pi-mono-python/blob/main/packages/ai/src/pi_ai/utils/overflow.py",
    r"prompt exceeds max(?:imum)? length": "https://docs.z.ai/api-reference/api-code",
    r"token limit exceeded": "https://github.com/BerriAI/litellm/blob/main/litellm/litellm_core_utils/exception_mapping_utils.py",
}
"""What the words of a refused request say of its length, with where they come from."""

_CONTEXT = "|".join(CONTEXT)

_TOO_LARGE = r"request (?:is )?too large"
_MEASURED = r"\blimit:? ?([\d,]{1,20})\b.{0,60}?\brequested:? ?([\d,]{1,20})\b"


def is_long_prompt(message: str) -> bool:
    """Whether the words of a refusal say that the prompt exceeds the context."""
    return re.search(_CONTEXT, bounded(message), re.IGNORECASE) is not None


def exceeds_rate_limit(message: str) -> bool:
    """Whether the request alone is larger than a limit a minute, so that no waiting helps.

    Sources: https://console.groq.com/docs/errors (413), https://github.com/continuedev/continue/issues/10602 (429)
    """
    message = bounded(message)
    measured = re.search(_MEASURED, message, re.IGNORECASE)
    if measured is None:
        return re.search(_TOO_LARGE, message, re.IGNORECASE) is not None
    limit, requested = (measured[number].replace(",", "") for number in (1, 2))
    return bool(limit and requested) and int(requested) > int(limit)
