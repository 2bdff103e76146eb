"""The words for verdicts, states and failures, and the sentences that explain them. They describe and do not accuse."""

from __future__ import annotations

from collections.abc import Mapping

from ....engine.results.result import Result, Verdict
from ....providers.errors import ErrorKind, Failure
from ....providers.json_values import is_blank
from ....providers.schema import Visibility
from ....providers.untrusted import one_line
from ..line import BAD, CAUTION, GOOD, QUIET
from ..numbers import dollars, tokens
from .dial import asked

_VERDICTS: Mapping[Verdict, tuple[str, str, str]] = {
    "as_asked": ("✓", "as asked", GOOD),
    "not_observed": ("○", "not observed", CAUTION),
    "unwanted": ("!", "unwanted", CAUTION),
    "over_budget": ("!", "over budget", CAUTION),
    "starved": ("✗", "starved", BAD),
    "empty": ("✗", "empty", BAD),
    "unknown": ("?", "unknown", QUIET),
}

VISIBILITY_WORDS: Mapping[Visibility, str] = {
    "full": "full text",
    "summary": "summary",
    "inline": "taken out of the answer's tags",
    "redacted": "redacted by the provider",
    "encrypted": "encrypted, not readable",
    "hidden": "hidden (billed, not shown)",
    "none": "none",
}

_KINDS: Mapping[ErrorKind, str] = {
    "auth": "key not accepted",
    "permission": "not permitted",
    "not_found": "not found",
    "invalid_request": "invalid request",
    "context_length": "prompt too long",
    "rate_limit": "rate limit",
    "quota": "quota used up",
    "overloaded": "overloaded",
    "server": "server error",
    "timeout": "timeout",
    "connection": "connection failed",
    "protocol": "protocol error",
    "budget": "cost limit",
    "config": "configuration",
    "cancelled": "cancelled",
}


def verdict_words(result: Result) -> tuple[str, str, str]:
    """Mark, words and style of how it went: the verdict of a whole answer, else what went wrong."""
    match result.status:
        case "error":
            return "✗", kind_words(result.error) if result.error else "failed", BAD
        case "cancelled":
            return "✗", "cancelled", BAD
        case "partial":
            return "!", f"partial: {kind_words(result.error)}" if result.error else "partial", BAD
        case "ok":
            mark, words, style = _VERDICTS[result.think.verdict]
            if (ending := _ENDINGS.get(result.finish)) and result.think.verdict not in ("starved", "empty"):
                return "!", f"{words}, {ending}", CAUTION if style in (GOOD, QUIET) else style
            return mark, words, style


_SILENT = ("stop", "unknown", "length")
"""Ends that say nothing of why an answer is empty."""

_ENDINGS = {"refusal": "refused", "content_filter": "filtered", "tool_call": "tool call", "length": "cut"}


def state_words(result: Result) -> tuple[str, str, str]:
    """Mark, words and style of the final state: `✓ ok`, `✗ rate limit (429)`."""
    if result.status != "ok":
        mark, words, style = verdict_words(result)
        status = result.error.status if result.error else None
        return mark, f"{words} ({status})" if status else words, style
    if result.think.verdict == "empty" and not is_blank(result.answer):
        return "!", "only commentary", CAUTION
    if result.think.verdict == "empty" or (is_blank(result.answer) and result.finish in _SILENT):
        return "✗", "no answer", BAD
    ending = _ENDINGS.get(result.finish)
    return ("!", ending, CAUTION) if ending else ("✓", "ok", GOOD)


def kind_words(failure: Failure) -> str:
    """The kind of a failure in plain words: `rate limit`."""
    return _KINDS.get(failure.kind, failure.kind.replace("_", " "))


def failure_sentence(failure: Failure) -> str:
    """What happened, by whose account, and when to come back."""
    status = f" ({failure.status})" if failure.status else ""
    message = one_line(failure.message, 600)
    again = f" Retry after {failure.retry_after_s:,.0f} s." if failure.retry_after_s else ""
    return f"{kind_words(failure)}{status}: {_ended(message)}{again}" if message else f"{kind_words(failure)}{status}."


def failure_hint(failure: Failure) -> str:
    """What to do about it, as one sentence, or an empty string."""
    return f"Hint: {_ended(one_line(failure.hint, 600))}" if failure.hint else ""


def why_not_whole(result: Result) -> list[str]:
    """Why there is no answer, or not all of it, in sentences with what to change; nothing when it is whole."""
    lines: list[str] = []
    if result.status == "ok":
        lines.extend(_ending_sentence(result))
    elif result.status == "cancelled":
        lines.append("Cancelled: what came before is kept." if result.answer else "Cancelled before an answer came.")
    elif result.status == "partial":
        lines.append("The answer is incomplete: the stream ended early, and what came is kept.")
    if result.error and result.status != "cancelled":
        lines.append(_capital(failure_sentence(result.error)))
        lines.extend(filter(None, [failure_hint(result.error)]))
    return lines


def explanation(result: Result) -> str:
    """What the verdict of a whole answer means and what to change, where it needs words; else an empty string."""
    if result.status != "ok":
        return ""
    count = measured_words(result)
    match result.think.verdict:
        case "not_observed":
            return (
                f"thinking was asked for ({asked(result.think)}), and none was reported or seen; the model may have"
                " found it unnecessary. Try a higher --think, or a prompt that needs it."
            )
        case "unwanted":
            return (
                f"--think off was asked, and the answer came with {count};"
                " `thinkdial models` tells which models can be turned off."
            )
        case "over_budget":
            return (
                f"more reasoning tokens than the asked budget of {asked(result.think)}: providers treat a budget as a"
                " target. For a ceiling, set --max-output."
            )
        case "starved":
            return _starved(result)
        case "as_asked" | "empty" | "unknown":
            return ""


def measured_words(result: Result) -> str:
    """`312 reasoning tokens`, or what can be said without a count."""
    count = result.reasoning.tokens
    if count is None:
        return "reasoning of unknown length"
    return f"{tokens(count, result.reasoning.tokens_source)} reasoning token{'s' if count != 1 else ''}"


def reasoning_words(result: Result) -> str:
    """The kind, size and cost of the reasoning: `summary · 312 tokens · $0.0062`; empty when no answer came at all."""
    reasoning = result.reasoning
    if result.status in ("error", "cancelled") and not reasoning.text and reasoning.tokens is None:
        return ""
    unsure = reasoning.visibility == "none" and reasoning.tokens is None
    parts = ["none seen" if unsure else VISIBILITY_WORDS.get(reasoning.visibility, reasoning.visibility)]
    if reasoning.tokens is not None and (reasoning.visibility != "none" or reasoning.tokens):
        parts.append(f"{tokens(reasoning.tokens, reasoning.tokens_source)} tokens")
        if result.cost.reasoning_usd is not None:
            parts.append(dollars(result.cost.reasoning_usd))
    return " · ".join(parts)


def model_words(result: Result) -> str:
    """The model asked for, and the one that answered when it says that it is another."""
    model = one_line(result.model, 80)
    reported = one_line(result.model_reported or "", 80)
    return f"{model}, served by {reported}" if reported and reported != model else model


def _ending_sentence(result: Result) -> list[str]:
    raw = one_line(result.finish_raw or "", 60)
    said = f" ({raw})" if raw else ""
    empty = is_blank(result.answer)
    match result.finish:
        case "refusal":
            return [f"The model refused{said}. Ask in other words, or ask another model."]
        case "content_filter":
            return [f"The provider's content filter stopped the answer{said}."]
        case _ if result.think.verdict == "starved":
            return [_capital(_starved(result))]
        case "length":
            did = "left no room for an answer" if empty else "cut the answer"
            return [f"The output limit {did}{said}. Raise --max-output."]
        case _ if result.tool_calls:
            return []
        case "tool_call" if empty:
            return [f"The model asked to call a tool instead of answering{said}."]
        case _:
            return [f"The answer is empty{said}. {_billed_words(result)}"] if empty else []


def beside_names(judged: bool, shaped: bool) -> str:
    """What calls beside those of the answers are called: `judges and second calls`."""
    return " and ".join([*(["judges"] if judged or not shaped else []), *(["second calls"] if shaped else [])])


def _billed_words(result: Result) -> str:
    output = result.usage.output_tokens
    if output is None:
        return "What was billed is not known."
    return f"{tokens(output)} output tokens were billed." if output else "No output was billed."


def _starved(result: Result) -> str:
    spent, limit = result.reasoning.tokens, result.usage.output_tokens
    source = result.reasoning.tokens_source
    if spent is not None and limit is not None:
        took = f"thinking took {tokens(spent, source)} of {tokens(limit)} output tokens"
    else:
        took = "thinking used up the output limit"
    left = "the answer is cut" if not is_blank(result.answer) else "no answer was left"
    return f"{took}, and {left}. Raise --max-output or lower --think."


def _ended(sentence: str) -> str:
    return sentence if not sentence or sentence.endswith((".", "!", "?", "…")) else f"{sentence}."


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
