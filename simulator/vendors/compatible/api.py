"""`POST /v1/chat/completions` of an OpenAI-compatible server; any unknown model behaves like `sim-reasoning-content`.

Sources: https://docs.vllm.ai/en/latest/features/reasoning_outputs.html, https://docs.sglang.ai/advanced_features/separate_reasoning.html,
https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md, https://openrouter.ai/docs/guides/best-practices/reasoning-tokens
"""

from __future__ import annotations

from ...calls.call import WRONG_KEY, ApiCall
from ...calls.reply import HttpReply, RejectedError, whole
from ...openai_family.chat import SPEED, UPSTREAM_ERROR, answer_as
from ...openai_family.chat_request import read_request
from .replies import error
from .styles import STYLES


def answer(call: ApiCall) -> HttpReply:
    """A completion, or the stream of one."""
    if call.bearer == WRONG_KEY:
        raise RejectedError(error(401, "Invalid API key", "authentication_error", "invalid_api_key"))
    style = STYLES.get(call.model, STYLES["sim-reasoning-content"])
    asked = read_request(call)
    if isinstance(asked, str):
        raise RejectedError(error(400, asked, "invalid_request_error", None))
    if style.fails and not call.streams:
        return whole(200, {"error": UPSTREAM_ERROR, "user_id": "simulated"}, after_s=SPEED.first_s)
    return answer_as(call, style, asked, vendor="compatible")
