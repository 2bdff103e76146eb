"""What a simulated model says when it judges answers: it looks at nothing, and always says the same of them."""

from __future__ import annotations

import json
import re

from .thinking import fraction

_ASKED = re.compile(
    r'"verdict" is (?:a whole number from (\d+) to (\d+)|one of ("[^,\n]+(?:, "[^,\n]+)*)), .*"mark": "([0-9a-f]+)"'
)
_ANSWERS = re.compile(r"=== \w+ (FIRST ANSWER|SECOND ANSWER|ANSWER) begins ===\n(.*?)\n=== \w+ \1 ends ===", re.DOTALL)
_YES, _BIAS = 0.75, 0.1
_REASON = "Simulated verdict – no model was called."


def verdict_for(prompt: str, *key: object) -> str | None:
    """The JSON object that the prompt asks for; None for a prompt that asks for no verdict.

    One answer in four is judged unfit. Of two the same one wins in both orders, except one time in ten.
    """
    asked = _ASKED.search(prompt)
    if asked is None:
        return None
    texts = [found[2] for found in _ANSWERS.finditer(prompt)]
    scores = [fraction("verdict", text, *key) for text in texts]
    if asked[1] is not None:
        low, high = int(asked[1]), int(asked[2])
        verdict: str | int = low + int(sum(scores) * (high - low + 1)) if scores else low
    elif '"yes"' in asked[3]:
        verdict = "yes" if scores and scores[0] < _YES else "no"
    elif len(scores) < 2 or scores[0] == scores[1]:
        verdict = "tie"
    else:
        is_biased = fraction("bias", *sorted(texts), *key) < _BIAS
        verdict = "first" if is_biased or scores[0] > scores[1] else "second"
    return json.dumps({"verdict": verdict, "reason": _REASON, "mark": asked[4]})
