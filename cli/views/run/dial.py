"""The think receipt in short words: what was asked, what was really sent, what was measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from ....engine.results.result import Result, ThinkReceipt
from ....providers.schema import Json
from ....providers.untrusted import one_line
from ..numbers import LONGEST_NAME, think_words, tokens

_LEVELS = frozenset(("effort", "reasoningeffort", "thinkinglevel", "maxreasoningeffort", "level"))
_BUDGETS = frozenset(
    (
        "budgettokens",
        "thinkingbudget",
        "tokenbudget",
        "thinkingtokenbudget",
        "thinkingbudgettokens",
        "reasoningbudget",
        "budget",
    )
)
_MODES = frozenset(("type", "mode", "promptmode"))
_SWITCHES = frozenset(("enablethinking", "enabled", "thinking", "think", "reasoning", "enablereasoning"))
_PARENTS_OF_A_LIMIT = frozenset(("reasoning", "thinking"))
_OFF = frozenset(("none", "off", "disabled", "false", "no"))
_ON = frozenset(("enabled", "adaptive", "reasoning", "on", "true"))

_BEFORE_SENDING = frozenset(("config", "budget"))
"""Failures of ours: no request left the machine."""

SUBSTITUTED = frozenset(("clamped", "mapped", "emulated", "unsupported"))
"""The fidelities that mean: not the very thing that was asked."""


def asked(receipt: ThinkReceipt) -> str:
    """The wish: a level, or a budget as `8k` or `4,000`."""
    return think_words(one_line(receipt.requested, 16))


def sent(result: Result) -> str:
    """What the request really said about thinking; `default` and `not sent` where it said nothing, or never left."""
    if result.attempts == 0 or (result.error and result.error.kind in _BEFORE_SENDING):
        return "not sent"
    match result.think.fidelity:
        case "unsupported":
            return "not sent"
        case "default":
            return "default"
        case "emulated":
            return "by prompt"
        case _:
            return native_words(result.think.native)


def native_words(native: Json) -> str:
    """The level, the budget or the switch that the native fields carry, wherever they are; else `default`."""
    words = dict.fromkeys(_walk(cast("Mapping[object, object]", native), ""))
    if "off" in words:
        return "off"
    precise = [word for word in words if word != "on"]
    return " + ".join(precise) if precise else "on" if words else "default"


def measured(result: Result) -> str:
    """The reasoning tokens, `~` when estimated, a dash when nobody knows."""
    return tokens(result.reasoning.tokens, result.reasoning.tokens_source)


ASSUMED = "?"
"""Behind what was sent: no cited fact says that this model takes it."""

ASSUMED_WORDS = "no cited fact says that this model takes it here"


def is_substituted(receipt: ThinkReceipt) -> bool:
    return receipt.fidelity in SUBSTITUTED


def missed(result: Result) -> str:
    """`(−24 %)`, of money `(cost −24 %)`: how far what was taken is from the dose that was aimed at."""
    if result.aim is None or result.aim.miss_percent is None:
        return ""
    miss = round(result.aim.miss_percent)
    what = "cost " if result.aim.unit == "usd" else ""
    return f"({what}{'+' if miss > 0 else '−' if miss < 0 else '±'}{abs(miss):,} %)"


DOUBTED = "!"
"""Behind a think value that was chosen for a dose which a single answer may miss by far."""


def is_doubted(result: Result) -> bool:
    return result.aim is not None and result.aim.doubt is not None


def asked_to_sent(result: Result) -> str:
    """`max → high*`: `*` marks a level that is not the very one asked, `?` one that is assumed to be taken, `!` one
    that was chosen for a dose which it may miss by far. `low =off → low` is asked once for both.
    """
    mark = "*" if is_substituted(result.think) else ASSUMED if result.think.fidelity == "assumed" else ""
    mark = DOUBTED if is_doubted(result) else mark
    twins = "".join(f" ={asked(twin)}" for twin in result.same_request)
    return f"{asked(result.think)}{twins} → {sent(result)}{mark}"


def think_path(result: Result) -> str:
    """`max → high* → 312`."""
    return f"{asked_to_sent(result)} → {measured(result)} {missed(result)}".rstrip()


def _walk(fields: Mapping[object, object], parent: str) -> Iterator[str]:
    for raw_name, value in fields.items():
        name = str(raw_name).replace("_", "").replace("-", "").lower()
        if isinstance(value, Mapping):
            yield from _walk(cast("Mapping[object, object]", value), name)
        elif isinstance(value, bool):
            if name in _SWITCHES:
                yield "on" if value else "off"
        elif isinstance(value, int | float):
            if name in _BUDGETS or (name == "maxtokens" and parent in _PARENTS_OF_A_LIMIT):
                yield _budget(int(value))
        elif isinstance(value, str) and (name in _LEVELS or name in _MODES or name in _SWITCHES):
            yield _word(value)


def _budget(count: int) -> str:
    if count == 0:
        return "off"
    return f"{count:,}" if count > 0 else "dynamic"


def _word(value: str) -> str:
    word = one_line(value, 20).lower().replace("_", " ")
    if word in _OFF:
        return "off"
    return "on" if word in _ON else word


def check_of(result: Result) -> tuple[str, str]:
    """Whether the answer passed its check and fits its schema, with a style; empty where nothing was expected."""
    if result.passed is None and not result.expect_note:
        return _shape_of(result)
    from ..checks.outcome import check_words

    words, style = check_words(result)
    shape, own = _shape_of(result)
    return (f"{words}\n{shape}", own if style == "green" else style) if shape else (words, style)


def _shape_of(result: Result) -> tuple[str, str]:
    """Whether the answer has the shape that was asked for; empty where none was."""
    if result.shape is None:
        return "", ""
    from ..shapes.words import shape_words

    return shape_words(result)


def labels(results: Sequence[Result]) -> list[str]:
    """How to call each result: by its profile, where that occurs again by its think value, and by its sample."""
    repeated = {(result.profile, result.think.requested) for result in results if result.repeat is not None}
    count = Counter(profile for profile, _ in repeated)
    count.update(result.profile for result in results if result.repeat is None)
    return [
        one_line(result.profile, LONGEST_NAME)
        + (f"@{asked(result.think)}" if count[result.profile] > 1 else "")
        + sample_words(result)
        for result in results
    ]


def sample_words(result: Result) -> str:
    """` #2` of the second sample of the same."""
    return f" #{result.repeat}" if result.repeat is not None else ""
