"""The ways in which servers that speak the wire of OpenAI Chat show reasoning."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct, field

from ..answers.turns import deltas
from ..calls.fields import JsonObject, objects
from ..state.caches import CacheTerms

OPENER, CLOSER = "<think>", "</think>"
# Cut so that no fragment is a whole tag, as token boundaries do.
SPLIT_OPENER = ("<th", "ink", ">\n")
SPLIT_CLOSER = ("\n</", "thi", "nk>\n\n")


class ChatStyle(Struct, frozen=True):
    """How one server speaks: `field_names` carry the thought beside `content`; the tag flags put it inside."""

    field_names: tuple[str, ...] = ()
    details: bool = False
    opens: bool = False
    closes: bool = False
    counts_reasoning: bool = True
    usage_in_choice: bool = False
    always_usage: bool = False
    sends_done: bool = True
    fails: bool = False
    comments: tuple[bytes, ...] = ()
    extra_usage: JsonObject = field(default_factory=dict[str, object])
    #: Reasoning is counted beside the completion, not inside it.
    additive: bool = False
    #: The content is a list: the thought in chunks of its own, then the text.
    chunked: bool = False
    #: The last chunk of a stream carries `x_groq.usage`.
    x_groq: bool = False
    #: What the usage says beside the counters, from the counts of input, cached, thinking and answer tokens.
    bill: Callable[[int, int, int, int], JsonObject] | None = None
    limit_covers_thinking: bool = True
    #: How prompts are cached without being asked; None where nothing is told of it.
    caches: CacheTerms | None = None
    #: What was and was not found in the cache is told in two counters beside the others.
    tells_hits: bool = False
    #: What the entries of `reasoning_details` call themselves, and the one that ends them: a signature, or ciphertext.
    details_format: str = "unknown"
    last_detail: JsonObject | None = None

    @property
    def has_fields(self) -> bool:
        return bool(self.field_names)

    @property
    def unclosed(self) -> bool:
        """Whether a thought is begun in the content and never ended there."""
        return self.opens and not self.closes

    def fields(self, text: str) -> JsonObject:
        """The fields that carry a piece of the thought, empty for the styles with tags."""
        carried: JsonObject = dict.fromkeys(self.field_names, text)
        if self.details:
            entry = {"type": "reasoning.text", "text": text, "format": self.details_format, "index": 0}
            carried["reasoning_details"] = [entry]
        return carried

    def whole_fields(self, text: str) -> JsonObject:
        """The same for a whole thought, with the entry that ends it."""
        carried = self.fields(text)
        if self.details and self.last_detail is not None:
            (entry,) = objects(carried["reasoning_details"])
            same = self.last_detail["index"] == entry["index"]
            carried["reasoning_details"] = [self.last_detail | entry] if same else [entry, self.last_detail]
        return carried

    def inline(self, thought: str, said: str) -> str:
        """The whole content: the answer, with the thought in front of it where the style has tags."""
        return "".join(self.content_deltas(thought, said))

    def content_deltas(self, thought: str, said: str) -> list[str]:
        """The content as a stream sends it, tags split across fragments."""
        if not thought or not (self.opens or self.closes):
            return deltas(said)
        opener = SPLIT_OPENER if self.opens else ()
        if self.unclosed:
            return [*opener, *deltas(thought)]
        return [*opener, *deltas(thought), *SPLIT_CLOSER, *deltas(said)]
