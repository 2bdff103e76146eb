"""Images inside a message of Cohere, and what is refused of them.

Source: https://docs.cohere.com/docs/image-inputs. UNVERIFIED: the limits are documented, the words are not.
"""

from __future__ import annotations

from ...calls.call import ApiCall
from ...openai_family.parts import chat_parts
from .replies import invalid

CONTENT_FIELDS = frozenset({"type"})
IMAGE_MODELS = ("command-a-plus-05-2026",)
MOST_IMAGES, MOST_BYTES = 20, 20 * 2**20


def tokens_of(call: ApiCall) -> int:
    """What the images of all messages count. Raises for those that the API does not take."""
    parts = [*chat_parts(call)]
    if not parts:
        return 0
    if call.model not in IMAGE_MODELS:
        raise invalid(call, f"invalid request: model '{call.model}' does not support image inputs")
    if len(parts) > MOST_IMAGES:
        raise invalid(call, f"invalid request: at most {MOST_IMAGES} images are allowed, got {len(parts)}")
    if sum(len(part.media.data or b"") for part in parts if part.media is not None) > MOST_BYTES:
        raise invalid(call, "invalid request: the images exceed 20 MB in total")
    for part in parts:
        if part.is_broken:
            raise invalid(call, f"invalid request: invalid image in message {part.index}")
    return sum(part.media.tokens for part in parts if part.media is not None)
