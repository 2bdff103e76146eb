"""`POST /v1/chat/completions` of an OpenAI-compatible server; any unknown model behaves like `sim-reasoning-content`.
Models named `arm-...` have a truth that is known (`arms.py`).

Sources: https://docs.vllm.ai/en/latest/features/reasoning_outputs.html, https://docs.sglang.ai/advanced_features/separate_reasoning.html,
https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md, https://openrouter.ai/docs/guides/best-practices/reasoning-tokens
"""

from __future__ import annotations

from ...calls.call import WRONG_KEY, ApiCall
from ...calls.reply import HttpReply, RejectedError, whole
from ...openai_family.chat import SPEED, UPSTREAM_ERROR, answer_as, shown_as
from ...openai_family.chat_request import read_request
from ...openai_family.parts import chat_parts
from ...openai_family.styles import ChatStyle
from .arms import ARMS, ArmSamples
from .replies import error
from .styles import STYLES

READ = ("image_url", "input_audio")


class CompatibleChat:
    """The endpoint; it remembers how often arms of known truth were asked the same."""

    def __init__(self) -> None:
        self._samples = ArmSamples()

    def answer(self, call: ApiCall) -> HttpReply:
        """A completion, or the stream of one."""
        if call.bearer == WRONG_KEY:
            raise RejectedError(error(401, "Invalid API key", "authentication_error", "invalid_api_key"))
        style = STYLES.get(call.model, STYLES["sim-reasoning-content"])
        asked = read_request(call)
        if isinstance(asked, str):
            raise RejectedError(error(400, asked, "invalid_request_error", None))
        check_parts(call)
        if style.fails and not call.streams:
            return whole(200, {"error": UPSTREAM_ERROR, "user_id": "simulated"}, after_s=SPEED.first_s)
        arm = ARMS.get(call.model)
        if arm is None or call.refused:
            return answer_as(call, style, asked, vendor="compatible")
        style = ChatStyle(always_usage=True, counts_reasoning=arm.counts_reasoning)
        return shown_as(call, style, asked, self._samples.turn(arm, call, asked), vendor="compatible")


def check_parts(call: ApiCall) -> None:
    """Refuse parts that llama.cpp's server cannot read, in its recorded words."""
    for part in chat_parts(call):
        if part.type not in READ:
            raise RejectedError(error(400, "unsupported content[].type", "invalid_request_error", None))
        if part.is_broken or (part.type == "input_audio" and part.media is not None and part.media.found is None):
            raise RejectedError(error(400, "Failed to load image or audio file", "invalid_request_error", None))
