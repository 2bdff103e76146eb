"""What whole answers of the user's own took, by think value: reasoning, output, time and money."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import NamedTuple

from msgspec import Struct

from ....providers.json_values import obj, text
from ..blobs import parted, unpacked
from ..store import Store, reading

NEWEST = 200
"""So many answers of each model and think value are looked at."""

_PROMPT_CHARACTERS = 200


class AskedModel(NamedTuple):
    """Of whom answers came. Simulated ones have no host: a simulator has another address each time."""

    provider: str
    host: str
    model: str
    simulated: bool = False


class DosedAnswer(Struct, frozen=True):
    """One answer that was not cut for want of tokens. None is what nobody has told. `prompt` tells prompts apart."""

    asked: AskedModel
    think: str
    prompt: str
    reasoning_tokens: int | None
    output_tokens: int | None
    total_s: float | None
    usd: Decimal | None


def dosed_answers(
    store: Store,
    models: Collection[AskedModel] | None = None,
    *,
    prompts: Sequence[tuple[str, str | None]] | None = None,
    newest: int = NEWEST,
) -> list[DosedAnswer]:
    """The newest answers of each of the models and each think value; of all that are not simulated without `models`.

    A value that was chosen for a dose counts as what it chose. With `prompts`, pairs of prompt and system prompt, only
    the answers to those.
    """
    where, values = "simulated = 0", list[object]()
    if models is not None:
        if not models:
            return []
        parts: list[str] = []
        for one in models:
            host = "" if one.simulated else " AND host = ?"
            parts.append(f"(provider = ?{host} AND model = ? AND simulated = ?)")
            values += [one.provider, *([] if one.simulated else [one.host]), one.model, int(one.simulated)]
        where = f"({' OR '.join(parts)})"
    if prompts is not None:
        asked = " OR ".join(["(runs.prompt = ? AND runs.prompt_rest IS ? AND runs.system IS ?)"] * len(prompts))
        where += f" AND EXISTS (SELECT 1 FROM runs WHERE runs.number = results.run AND ({asked or '0'}))"  # noqa: S608
        for prompt, system in prompts:
            values += [*parted(prompt), system]
    query = (
        "WITH picked AS (SELECT number, run, provider, CASE WHEN simulated THEN '' ELSE host END AS place, model,"  # noqa: S608
        " simulated, think, reasoning_tokens, output_tokens, total_s, usd,"
        " CASE WHEN think LIKE '~%' THEN document END AS document,"
        " row_number() OVER (PARTITION BY provider, CASE WHEN simulated THEN '' ELSE host END, model, simulated, think"
        f" ORDER BY number DESC) AS age FROM results WHERE status = 'ok' AND verdict IS NOT 'starved' AND {where})"
        " SELECT picked.provider, picked.place, picked.model, picked.simulated, picked.think, picked.reasoning_tokens,"
        " picked.output_tokens, picked.total_s, picked.usd, picked.document,"
        " length(runs.prompt) + runs.prompt_more || ':' ||"
        f" substr(runs.prompt, 1, {_PROMPT_CHARACTERS}) || ifnull(runs.system, '')"
        " FROM picked JOIN runs ON runs.number = picked.run WHERE picked.age <= ? ORDER BY picked.age DESC"
    )
    with reading(store) as connection:
        rows = connection.execute(query, [*values, newest]).fetchall()
    made: list[DosedAnswer] = []
    for provider, host, model, simulated, think, reasoning, output, total_s, usd, document, prompt in rows:
        value = think if document is None else _chosen(document)
        if value is not None:
            key = AskedModel(provider, host, model, bool(simulated))
            cost = None if usd is None else Decimal(usd)
            made.append(DosedAnswer(key, value, prompt, reasoning, output, total_s, cost))
    return made


def prompt_mark(prompt: str, system: str | None) -> str:
    """What tells prompts apart in `DosedAnswer.prompt`: the length, the beginning, the system prompt."""
    return f"{len(prompt)}:{prompt[:_PROMPT_CHARACTERS]}{system or ''}"


def _chosen(document: bytes) -> str | None:
    """The think value that a dose has chosen, by the stored result; None where that cannot be read."""
    import zlib

    try:
        return text(obj(obj(unpacked(document)).get("aim")).get("chosen"))
    except (zlib.error, ValueError):
        return None
