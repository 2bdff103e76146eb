"""What is too long for a model, and what is too large for a rate limit as a whole."""

from __future__ import annotations

import re
import time

import pytest

from thinkdial.providers.refusals.sizes import CONTEXT, exceeds_rate_limit, is_long_prompt

from ...cases import each

LONG = (
    "prompt is too long: 3333404 tokens > 200000 maximum",
    "prompt too long; exceeded max context length by 1119046 tokens",
    "This model's maximum context length is 262144 tokens. However, you requested 0 output tokens",
    "Your input exceeds the context window of this model. Please adjust your input and try again.",
    "Please reduce the length of the messages or completion.",
    "The input token count (1250074) exceeds the maximum number of tokens allowed (1048576).",
    "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
    "Input is too long for requested model.",
    "Input Tokens Exceeded: Number of input tokens exceeds maximum length.",
    "too many tokens: total number of tokens in the prompt cannot exceed 4081",
    "Invalid request: Your request exceeded model token limit: 262144",
    "the request exceeds the available context size, try increasing it",
    "<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 129024]",
    "Input length 131393 exceeds the maximum allowed input length of 131040 tokens.",
    "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8192. Given: 9000 `inputs` tokens",
    "Input validation error: `inputs` must have less than 1024 tokens. Given: 4096",
    "prompt token count of 70000 exceeds the limit of 64000",
    "Prompt exceeds max length",
    "token limit exceeded",
    "Invalid 'input': string too long. Expected a string with maximum length 10485760, but got another.",
    "The number of tokens to keep from the initial prompt is greater than the context length",
    "Prompt contains 90000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
)
OTHER = (
    "Unsupported value: 'reasoning_effort' does not support 'xhigh'",
    "max_tokens is too large: 6000. This model supports at most 4096 completion tokens, whereas you provided 6000.",
    "Rate limit reached for tokens per min (TPM): Limit 30000, Used 29000, Requested 2000. Please try again in 2s.",
    "model not found",
)


@each("words", LONG)
def test_too_long_in_the_words_of_each_vendor(words: str) -> None:
    assert is_long_prompt(words) and is_long_prompt(words.upper())


@pytest.mark.parametrize("words", OTHER)
def test_other_refusals_are_not_about_the_length_of_the_prompt(words: str) -> None:
    assert not is_long_prompt(words)


def test_every_wording_is_one_that_somebody_sends() -> None:
    for pattern in CONTEXT:
        assert any(re.search(pattern, words, re.IGNORECASE) for words in LONG), pattern


@each(
    ("words", "beyond"),
    [
        ("Request too large for gpt-4o in organization o on tokens per min (TPM): Limit 30000, Requested 61337.", True),
        ("Request too large for model `llama` on tokens per minute (TPM): Limit 6000, Requested 12,345, please", True),
        ("Limit 30000, Used 29000, Requested 2000. Please try again in 2s.", False),
        ("Rate limit: limit 6,000, used 0, requested 6,001", True),
        ("Request too large.", True),
        ("Limit , Requested ,", False),
        ("slow down", False),
    ],
)
def test_a_request_that_alone_is_larger_than_the_limit(words: str, beyond: bool) -> None:
    assert exceeds_rate_limit(words) is beyond


def test_long_words_take_no_longer() -> None:
    """By growth: 64 times the words may not take more than a few times as long, as no more than a part is looked at."""

    def spent(times: int) -> float:
        words = "input token count limit 1 request inputs input length prompt token count " * times
        began = time.process_time()
        for _ in range(20):
            is_long_prompt(words)
            exceeds_rate_limit(words)
        return time.process_time() - began

    spent(100)
    assert spent(6400) < 8 * spent(100) + 0.05
