"""Prompt caches count by the longest beginning that is still kept; opaque strings cannot be changed."""

from __future__ import annotations

import pytest

from thinkdial.simulator.state.caches import Cached, CacheTerms, PromptCache
from thinkdial.simulator.state.prompts import MESSAGE_TOKENS, TEMPLATE_TOKENS, PromptSection, SectionedPrompt, prompt_of
from thinkdial.simulator.state.seals import seal, unseal

WORD = "word " * 100
OWNER = ("vendor", "key", "model")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_prompt_weighs_its_sections_and_what_is_put_around_them() -> None:
    prompt = prompt_of(["", "one", "two", "three"])
    assert prompt.size == TEMPLATE_TOKENS + 3 + 2 * MESSAGE_TOKENS
    thought = SectionedPrompt((PromptSection(""), PromptSection("one", reasoning_tokens=50)))
    assert thought.size == TEMPLATE_TOKENS + 1 + 50
    assert prompt.text == "\none\ntwo\nthree"


def test_the_longest_known_beginning_is_read() -> None:
    cache, rule = PromptCache(), CacheTerms(least=50)
    first, longer, other = prompt_of(["", WORD]), prompt_of(["", WORD, WORD]), prompt_of(["", "x", WORD])
    assert cache.use(OWNER, first, rule) == Cached(0, first.size)
    assert cache.use(OWNER, longer, rule) == Cached(first.size, longer.size - first.size)
    assert cache.use(OWNER, longer, rule) == Cached(longer.size, 0)
    assert cache.use(OWNER, other, rule).read == 0
    assert cache.use(("vendor", "another key", "model"), longer, rule).read == 0


def test_nothing_is_kept_below_the_least_size_and_only_in_whole_steps() -> None:
    cache = PromptCache()
    small = prompt_of(["", WORD])
    assert cache.use(OWNER, small, CacheTerms(least=small.size + 1)) == Cached()
    stepped = CacheTerms(least=64, step=64)
    cache.use(OWNER, small, stepped)
    assert cache.use(OWNER, small, stepped).read == small.size // 64 * 64


def test_what_nobody_uses_is_forgotten() -> None:
    clock = Clock()
    cache, rule, prompt = PromptCache(clock), CacheTerms(least=1, lifetime_s=300), prompt_of(["", WORD])
    cache.use(OWNER, prompt, rule)
    clock.now = 299
    assert cache.use(OWNER, prompt, rule).read == prompt.size
    clock.now = 598
    assert cache.use(OWNER, prompt, rule).read == prompt.size
    clock.now = 899
    assert cache.use(OWNER, prompt, rule).read == 0


def test_where_marks_are_needed_only_marked_beginnings_are_written_and_later_ones_find_them() -> None:
    cache, rule = PromptCache(), CacheTerms(least=1, marked=True)
    head = PromptSection(WORD, ends_cached=True)
    plain, marked = (
        SectionedPrompt((head, PromptSection(WORD))),
        SectionedPrompt((head, PromptSection(WORD), PromptSection(WORD, ends_cached=True))),
    )
    assert cache.use(OWNER, prompt_of([WORD, WORD]), rule) == Cached()
    size = SectionedPrompt((head,)).size
    assert cache.use(OWNER, plain, rule) == Cached(0, size)
    assert cache.use(OWNER, marked, rule) == Cached(size, marked.size - size)
    assert cache.use(OWNER, plain, rule) == Cached(size, 0)


@pytest.mark.parametrize("mark", [b"", b"thirty-bytes-of-a-vendor's-own"])
def test_a_seal_opens_with_its_mark_and_unchanged_only(mark: bytes) -> None:
    opaque = seal(mark, {"model": "m", "tokens": 5})
    assert unseal(mark, opaque) == {"model": "m", "tokens": 5}
    assert unseal(mark, opaque.replace("+", "-").replace("/", "_").rstrip("=")) == {"model": "m", "tokens": 5}
    assert unseal(b"another mark", opaque) is None
    for place in range(0, len(opaque) - 4, 7):
        changed = opaque[:place] + ("A" if opaque[place] != "A" else "B") + opaque[place + 1 :]
        assert unseal(mark, changed) is None, place
    assert unseal(mark, opaque[:40]) is None and unseal(mark, "") is None and unseal(mark, "§") is None
