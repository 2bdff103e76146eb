"""A conversation as it is counted: sections in their order, one for each message, each with what it weighs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from ..answers.thinking import count_tokens
from .seals import fingerprint

TEMPLATE_TOKENS = 7
MESSAGE_TOKENS = 4
"""What the chat template puts around a whole prompt, and around every message but the first."""


class PromptSection(Struct, frozen=True):
    """One message, or what stands before all of them.

    `reasoning_tokens`: earlier thoughts in it that the model is shown. `more` is what it holds beside its text.
    `ends_cached`: the client wants the prompt cached up to here. `media_tokens` are those of files in it.
    """

    text: str
    reasoning_tokens: int = 0
    more: str = ""
    ends_cached: bool = False
    media_tokens: int = 0


class SectionedPrompt(Struct, frozen=True):
    """Everything that a model reads. Sizes are in simulated tokens."""

    sections: tuple[PromptSection, ...]

    @property
    def text(self) -> str:
        """All that was said, without thoughts."""
        return "\n".join(section.text for section in self.sections)

    @property
    def size(self) -> int:
        """How many tokens are billed, from a cache or not."""
        return max(self._sizes(), default=TEMPLATE_TOKENS)

    def prefixes(self) -> Iterator[tuple[str, int, bool]]:
        """Every beginning of the prompt that ends with a section: its digest, its size, whether to cache it."""
        name = ""
        for section, tokens in zip(self.sections, self._sizes(), strict=True):
            files = (section.media_tokens,) if section.media_tokens else ()
            name = fingerprint(name, section.text, section.more, section.reasoning_tokens, *files)
            yield name, tokens, section.ends_cached

    def _sizes(self) -> Iterator[int]:
        tokens, messages = TEMPLATE_TOKENS, 0
        for place, section in enumerate(self.sections):
            messages += place > 0
            tokens += count_tokens(section.text) + section.reasoning_tokens + section.media_tokens
            tokens += MESSAGE_TOKENS if messages > 1 else 0
            yield tokens


def prompt_of(texts: Iterable[str]) -> SectionedPrompt:
    """A prompt of bare texts. The first is the system's, empty where it says nothing."""
    return SectionedPrompt(tuple(map(PromptSection, texts)))
