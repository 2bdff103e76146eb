"""Files beside a prompt: whether a route takes them, and the part of a message that each becomes. Pure."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

from msgspec.structs import replace

from ....profiles.inputs.counts import counted_tokens
from ....profiles.inputs.rule import InputRule
from ....profiles.inputs.rules import input_rule
from ....profiles.state.rules import state_rule
from ....providers.dialect import Remembering
from ....providers.errors import UsageError
from ....providers.merge import filled, merged
from ....providers.registry import dialect
from ....providers.schema import Call, Json, Message, Notice
from ....providers.turns.pieces import TurnPiece
from ....providers.turns.turn import Exchanged, Turn, said
from ...targets.target import Target
from .uploads import by_reference, mark_of, rule_of_uploads, uploaded_form

_NAMES = {
    "image": "images", "pdf": "PDF", "audio": "audio", "document": "office documents", "video": "video",
}  # fmt: skip
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9 \-()\[\]]+")
_LONGEST_NAME = 200
_PADDED = 4
"""Characters of base64 for three bytes."""

FORMATS = {
    "image/png": "png", "image/jpeg": "jpeg", "image/gif": "gif", "image/webp": "webp", "application/pdf": "pdf",
    "audio/wav": "wav", "audio/mpeg": "mp3", "application/msword": "doc", "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}  # fmt: skip
"""The short names that some wires use."""


class AttachmentError(UsageError):
    """A file that a model does not take, before anything is sent."""


def rule_for(target: Target) -> InputRule:
    """What the route of `target` takes beside text."""
    model = target.profile.known_as or target.profile.model
    return input_rule(target.provider.name, target.dialect, model)


def with_files(target: Target, call: Call, asked: Sequence[TurnPiece], earlier: Sequence[Message]) -> Call:
    """`call` with its messages written, the user's side of the last one being `asked`. Raises `AttachmentError`."""
    speech: Any = dialect(target.dialect)
    if not hasattr(speech, "write"):
        raise AttachmentError(f"{target.profile.name}: {target.dialect} takes nothing but text")
    before = [
        Exchanged(said(message.text)) if message.role == "user" else Exchanged((), said(message.text))
        for message in earlier
    ]
    rule = state_rule(target.provider.name, target.dialect, target.profile.known_as or target.profile.model)
    own = as_parts(target, asked)
    written = cast("Remembering", speech).write([*before, Exchanged(own)], rule.manner)
    return asking(target, replace(call, written=tuple(written)), asked)


def asking(target: Target, call: Call, asked: Sequence[TurnPiece]) -> Call:
    """`call` with the fields of the body that go with its files."""
    rule = rule_for(target)
    for kind in dict.fromkeys(piece.carrier for piece in asked if piece.kind == "file"):
        fields = {name: value for name, value in rule.asks.get(kind, {}).items() if name not in call.params}
        if fields:
            call = replace(call, native=merged(call.native, fields))
    return call


def as_parts(target: Target, asked: Sequence[TurnPiece]) -> tuple[TurnPiece, ...]:
    """The user's side of the new turn with each file as the wire has it. Raises `AttachmentError`."""
    rule = rule_for(target)
    files = [piece for piece in asked if piece.kind == "file"]
    for piece in files:
        if (why := refusal(piece, rule, target)) is not None:
            raise AttachmentError(f"{target.profile.name} ({target.profile.model}): {piece.name}: {why}")
    referred = by_reference(target, files, rule)
    if (why := _too_much(files, rule.most, referred)) is not None:
        raise AttachmentError(f"{target.profile.name} ({target.profile.model}): {why}")
    own = _with_own_names(asked)
    return tuple(_as_part(piece, rule, target, referred) if piece.kind == "file" else piece for piece in own)


def earlier_parts(target: Target, turns: Sequence[Turn]) -> tuple[tuple[Turn, ...], dict[tuple[int, int], str]]:
    """Earlier turns with their files as the wire has them, and why the others are left out, by turn and position.

    A note stands for what is left out, so that what was said of it has something to refer to.
    """
    rule, lost = rule_for(target), dict[tuple[int, int], str]()
    referred = by_reference(target, [one for turn in turns for one in turn.asked if one.kind == "file"], rule)
    made: list[Turn] = []
    for turn in turns:
        if not any(piece.kind == "file" for piece in turn.asked):
            made.append(turn)
            continue
        asked: list[TurnPiece] = []
        for at, piece in enumerate(_with_own_names(turn.asked)):
            if piece.kind != "file":
                asked.append(piece)
            elif (why := _imported(turn) or _absence(piece) or refusal(piece, rule, target)) is not None:
                lost[turn.number, at] = why
                asked.append(
                    TurnPiece("text", f"[{piece.name}: a file of kind {piece.carrier} that is not sent along]")
                )
            else:
                asked.append(_as_part(piece, rule, target, referred))
        made.append(replace(turn, asked=tuple(asked)))
    return tuple(made), lost


def _imported(turn: Turn) -> str | None:
    return "it was imported without its bytes" if turn.origin.is_imported else None


def _absence(piece: TurnPiece) -> str | None:
    if piece.data is not None or piece.native.get("is_whole") is True:
        return None
    return "its address is kept without its query" if "url" in piece.native else "its bytes are not kept any more"


def _address(piece: TurnPiece) -> str:
    """The whole address, where it is at hand; else as it is kept."""
    kept = piece.native.get("url")
    return "" if kept is None else str(kept) if piece.data is None else piece.data.decode()


def refusal(piece: TurnPiece, rule: InputRule, target: Target) -> str | None:
    """Why the route does not take the file; None where it does, or where nobody knows."""
    kind, known = piece.carrier, piece.native
    name = _NAMES.get(kind, kind)
    if rule.takes.get(kind) is False:
        return rule.why.get(kind) or f"it takes no {name}"
    forms, how = (rule.remote, "by address") if "url" in known else (rule.forms, "as data")
    if kind not in forms:
        return f"{target.dialect} at {target.provider.name} has no form for {name} {how}"
    media_type = str(known.get("media_type"))
    types = rule.types.get(kind, ())
    if types and media_type not in types and not media_type.endswith("/*"):
        listed = ", ".join(FORMATS.get(one, one) for one in types)
        return f"it takes {name} as {listed}, not {media_type}"
    if "$format" in str(forms[kind]) and media_type not in FORMATS:
        return f"{media_type} has no name there"
    return _too_large(piece, rule.most)


def _too_large(piece: TurnPiece, most: Mapping[str, int]) -> str | None:
    kind, known = piece.carrier, piece.native
    size = int(known.get("bytes", 0))
    found = {f"{kind}_bytes": size}
    if kind == "image":
        found |= {"image_base64_bytes": encoded_size(size)}
        found |= {"image_side": max(int(known.get("width", 0)), int(known.get("height", 0)))}
    if kind == "pdf":
        found |= {"pdf_pages": int(known.get("pages", 0)), "document_bytes": size}
    for name, value in found.items():
        limit = most.get(name)
        if limit is not None and value > limit:
            return f"{value:,} {_units(name)} are more than the {limit:,} that it takes"
    return None


def _too_much(
    files: Sequence[TurnPiece], most: Mapping[str, int], referred: frozenset[str] = frozenset()
) -> str | None:
    """What is too much of all files together; those `referred` to are not in the request itself."""
    within = [int(one.native.get("bytes", 0)) for one in files if one.native.get("sha256") not in referred]
    sizes = [int(piece.native.get("bytes", 0)) for piece in files]
    images = sum(piece.carrier == "image" for piece in files)
    found = {
        "images": images,
        "documents": len(files) - images,
        "total_bytes": sum(sizes),
        "body_bytes": sum(map(encoded_size, within)),
    }
    for name, value in found.items():
        if name in most and value > most[name]:
            return f"{value:,} {_units(name)} are more than the {most[name]:,} that one request takes"
    return None


def _units(name: str) -> str:
    return {
        "images": "images", "documents": "documents", "image_side": "pixels a side", "pdf_pages": "pages",
        "image_base64_bytes": "bytes of base64", "body_bytes": "bytes of base64", "total_bytes": "bytes of files",
    }.get(name, "bytes")  # fmt: skip


def file_notices(target: Target, asked: Sequence[TurnPiece]) -> tuple[Notice, ...]:
    """What is not certain about files that are sent."""
    rule, told = rule_for(target), list[str]()
    files = [piece for piece in asked if piece.kind == "file"]
    for piece in files:
        if piece.carrier not in rule.takes:
            told.append(f"it is not known whether {target.profile.model} takes {_NAMES.get(piece.carrier)}")
        if (doubt := _too_large(piece, rule.doubtful)) is not None:
            told.append(f"{piece.name}: {doubt}, by one of several sources")
        if detail_of(piece) != "high" and piece.carrier in ("image", "pdf") and "$detail" not in _spelled(piece, rule):
            told.append(f"{piece.name}: this route has no word for detail {detail_of(piece)}, which changes nothing")
    uncounted = [piece.name or "file" for piece in files if tokens_of(piece, rule) is None]
    if (doubt := _too_much(files, rule.doubtful, by_reference(target, files, rule))) is not None:
        told.append(f"{doubt}, by one of several sources")
    if any(piece.native.get("upload") is True for piece in files) and not by_reference(target, files, rule):
        told.append(_no_upload(target))
    notices = [Notice("attachment_uncertain", words) for words in dict.fromkeys(told)]
    if uncounted:
        words = f"nobody says how many tokens {', '.join(dict.fromkeys(uncounted))} will count; figures are without it"
        notices.append(Notice("attachment_uncounted", words))
    return tuple(notices)


def _no_upload(target: Target) -> str:
    where = "for these files" if rule_of_uploads(target) else f"at {target.provider.name}"
    return f"no upload endpoint is known {where}; they go as data"


def tokens_of(piece: TurnPiece, rule: InputRule) -> int | None:
    """What the file counts; None where there is no rule, or it does not say what the rule asks for."""
    known = {name: piece.native.get(name) for name in ("width", "height", "pages", "seconds")}
    rules: Mapping[str, Mapping[str, Any]] = rule.tokens
    if "$detail" in _spelled(piece, rule) and (detail := detail_of(piece)) != "high":
        rules = rule.tokens_low if detail == "low" else {}
    return counted_tokens(rules.get(piece.carrier), {name: one for name, one in known.items() if one is not None})


def detail_of(piece: TurnPiece) -> str:
    """How closely the file is to be looked at."""
    return str(piece.native.get("detail", "high"))


def _spelled(piece: TurnPiece, rule: InputRule) -> str:
    """The form that the file takes, to look into."""
    return str((rule.remote if "url" in piece.native else rule.forms).get(piece.carrier))


def encoded_size(size: int) -> int:
    """The characters of so many bytes in base64."""
    return -(-size // 3) * _PADDED


def _with_own_names(asked: Sequence[TurnPiece]) -> Iterator[TurnPiece]:
    """Files of one message with names that differ: some wires refuse two of the same."""
    seen: dict[str, int] = {}
    for piece in asked:
        if piece.kind != "file" or piece.name is None:
            yield piece
            continue
        times = seen[piece.name] = seen.get(piece.name, 0) + 1
        yield piece if times == 1 else replace(piece, name=f"{times} {piece.name}")


def _as_part(piece: TurnPiece, rule: InputRule, target: Target, referred: frozenset[str] = frozenset()) -> TurnPiece:
    form: Any = (rule.remote if "url" in piece.native else rule.forms)[piece.carrier]
    is_referred = piece.native.get("sha256") in referred
    if is_referred:
        form = uploaded_form(target, piece.carrier, form)
    media_type, name = str(piece.native.get("media_type")), piece.name or "file"
    values: dict[str, str | None] = {
        "$media_type": media_type,
        "$name": name,
        "$plain_name": plain_name(name),
        "$format": FORMATS.get(media_type, ""),
        "$url": _address(piece),
        "$detail": rule.details.get(detail_of(piece)),
    }
    if is_referred:
        values["$reference"] = mark_of(piece)
    elif piece.data is not None and "url" not in piece.native:
        values["$base64"] = encoded = _encoded(piece.data)
        values["$data_url"] = f"data:{media_type};base64,{encoded}"
    return replace(piece, native=cast("Json", filled(form, values)), data=None)


@lru_cache(maxsize=8)
def _encoded(data: bytes) -> str:
    """Base64, once for all columns."""
    return base64.b64encode(data).decode()


def without_bytes(body: bytes, asked: Sequence[TurnPiece], turns: Sequence[Turn]) -> bytes:
    """`body` with the hash of each file where its bytes are, and addresses without their queries."""
    for piece in (*asked, *(piece for turn in turns for piece in turn.asked)):
        if piece.data and "url" in piece.native:
            body = body.replace(piece.data, str(piece.native["url"]).encode())
        elif piece.data:
            body = body.replace(_encoded(piece.data).encode(), f"(sha256 {piece.native.get('sha256')})".encode())
    return body


def plain_name(name: str) -> str:
    """A name of letters, digits, blanks, hyphens and brackets: Amazon takes no others.

    Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_DocumentBlock.html
    """
    return " ".join(_NOT_PLAIN.sub(" ", name).split())[:_LONGEST_NAME] or "file"
