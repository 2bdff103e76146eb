"""Which files of a request go by reference, and the request that uploads one. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from ....profiles.inputs.rule import InputRule
from ....profiles.inputs.upload_rule import UploadRule, upload_rule
from ....providers.batches.contract import get, id_in_path, post
from ....providers.batches.multipart import upload_form
from ....providers.json_values import obj, text
from ....providers.schema import HttpRequest
from ....providers.turns.pieces import FILE_MARK, TurnPiece
from ...targets.target import Target


class KeptFile(Struct, frozen=True):
    """A file at a provider: its `id` there, the `reference` that requests name, and whether it can be used yet."""

    id: str
    reference: str
    is_ready: bool = True


class Uploaded(Struct, frozen=True):
    """A file at a provider. `host` and `account` say whose it is; `expires_at` when it ends by the provider's rule."""

    provider: str
    host: str
    account: str | None
    sha256: str
    id: str
    reference: str
    name: str
    media_type: str
    bytes: int
    uploaded_at: datetime
    expires_at: datetime
    profile: str = ""
    number: int = 0


class RefusedUploadError(ValueError):
    """An answer to an upload that cannot be followed."""


def rule_of_uploads(target: Target) -> UploadRule | None:
    """The upload endpoint of the route, if it has one that its requests can refer to."""
    rule = upload_rule(target.provider.name)
    return rule if rule is not None and target.dialect in rule.forms else None


def uploaded_form(target: Target, kind: str, form: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """`form` with a reference where the data were; None where the route has none for the kind."""
    rule = rule_of_uploads(target)
    swap = None if rule is None else rule.forms[target.dialect].get(kind)
    if swap is None:
        return None
    return {**{name: value for name, value in form.items() if name not in swap["drop"]}, **swap["put"]}


def by_reference(target: Target, files: Sequence[TurnPiece], rule: InputRule) -> frozenset[str]:
    """The hashes of the files that are uploaded: where that is wished, or all together are too much for a request."""
    endpoint = rule_of_uploads(target)
    if endpoint is None:
        return frozenset()
    able = [
        piece for piece in files
        if "url" not in piece.native and "sha256" in piece.native and piece.carrier in endpoint.forms[target.dialect]
        and piece.carrier in rule.forms and int(piece.native.get("bytes", 0)) <= endpoint.most_bytes
    ]  # fmt: skip
    is_much = endpoint.above is not None and sum(int(one.native.get("bytes", 0)) for one in files) > endpoint.above
    return frozenset(str(one.native["sha256"]) for one in able if is_much or one.native.get("upload") is True)


def mark_of(piece: TurnPiece) -> str:
    """What stands for the reference of the file until it is known."""
    return f"{FILE_MARK}{piece.native['sha256']}"


def marked(body: bytes, pieces: Iterable[TurnPiece]) -> dict[str, TurnPiece]:
    """The files that a request wants references for, by hash. What the words of a prompt say counts for nothing."""
    found = {str(one.native.get("sha256")): one for one in pieces if one.kind == "file" and one.data is not None}
    return {name: one for name, one in found.items() if f"{FILE_MARK}{name}".encode() in body}


def upload_of(target: Target, rule: UploadRule, piece: TurnPiece) -> HttpRequest:
    """The request that uploads the file, or begins to."""
    url, headers = f"{target.base_url}{rule.path}", tuple(target.provider.headers.items())
    name, data = piece.name or "file", piece.data or b""
    media_type = str(piece.native.get("media_type") or "application/octet-stream")
    if not rule.is_resumable:
        return upload_form(url, headers, tuple(rule.fields.items()), name, data, media_type)
    told = (
        ("x-goog-upload-protocol", "resumable"),
        ("x-goog-upload-command", "start"),
        ("x-goog-upload-header-content-length", str(len(data))),
        ("x-goog-upload-header-content-type", media_type),
    )
    return post(url, (*told, *headers), {"file": {"displayName": name}})


def read_upload(
    target: Target, rule: UploadRule, piece: TurnPiece, headers: Mapping[str, str], document: Any
) -> KeptFile | HttpRequest:
    """Where the file is now, or the next step. Raises `RefusedUploadError`."""
    if not rule.is_resumable:
        if not (found := text(obj(document).get("id"))):
            raise RefusedUploadError("the provider took the file and gave it no id")
        return KeptFile(found, found)
    if file := obj(obj(document).get("file")):
        return _google_file(file)
    url = headers.get("x-goog-upload-url", "")
    if not url or headers.get("x-goog-upload-status") == "final":
        raise RefusedUploadError("the provider took the file and gave it no name")
    if urlsplit(url)[:2] != urlsplit(target.base_url)[:2]:
        raise RefusedUploadError(f"the provider wants the file at another host ({urlsplit(url).netloc[:100]})")
    said = (("x-goog-upload-offset", "0"), ("x-goog-upload-command", "upload, finalize"))
    own = tuple(target.provider.headers.items())
    return HttpRequest("POST", url, (*said, ("accept", "application/json"), *own), piece.data or b"")


def look_at(target: Target, rule: UploadRule, kept: KeptFile) -> HttpRequest:
    """The request that tells whether the file is ready."""
    return get(_place(target.base_url, rule, kept.id), tuple(target.provider.headers.items()))


def read_look(document: Any) -> KeptFile:
    """What it told. Raises `RefusedUploadError` for a file that will never be ready."""
    return _google_file(obj(document))


def deletion_of(base_url: str, headers: Mapping[str, str], rule: UploadRule, file_id: str) -> HttpRequest:
    """The request that deletes the file."""
    asked = (("accept", "application/json"), *headers.items())
    return HttpRequest("DELETE", _place(base_url, rule, file_id), asked, b"")


def _place(base_url: str, rule: UploadRule, file_id: str) -> str:
    return f"{base_url}{rule.delete}/" + "/".join(map(id_in_path, file_id.split("/")))


def _google_file(file: Mapping[str, Any]) -> KeptFile:
    name, uri, state = text(file.get("name")), text(file.get("uri")), text(file.get("state"))
    if not name or not uri or state == "FAILED":
        raise RefusedUploadError("the provider could not read the file" if state == "FAILED" else "it has no address")
    return KeptFile(name, uri, state != "PROCESSING")
