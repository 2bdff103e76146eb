"""Files uploaded once for all calls of a run, remembered for the next, and deleted when their time is over."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol

from ....profiles.inputs.upload_rule import UploadRule
from ....providers.dialect import failure
from ....providers.turns.pieces import FILE_MARK, TurnPiece
from ...planning.inputs.uploads import (
    KeptFile,
    RefusedUploadError,
    Uploaded,
    deletion_of,
    look_at,
    marked,
    read_look,
    read_upload,
    rule_of_uploads,
    upload_of,
)
from ...planning.prepare import Prepared, sent_prompt
from ...targets.authorize import Authorize, by_key
from ...targets.keys import Key
from ...targets.target import Target
from ..retry import Patience
from ..surroundings import Surroundings
from .client import ApiClient, ApiError

MARGIN = timedelta(minutes=10)
"""A file that ends sooner is uploaded again."""

LOOKS = 60


class UploadMemory(Protocol):
    """Knows files at providers beyond a run. Its methods run in threads, and raise `StoreError`."""

    def account(self, key: Key | None) -> str | None: ...

    def find(self, host: str, account: str | None, sha256: str) -> Uploaded | None: ...

    def keep(self, uploaded: Uploaded) -> None: ...

    def forget(self, uploaded: Uploaded) -> None: ...


class Uploads:
    """The uploads of one run. Without a `memory`, or with `deletes`, what it uploaded goes when it is closed."""

    def __init__(self, memory: UploadMemory | None = None, *, deletes: bool = False) -> None:
        self._memory, self._deletes = memory, deletes or memory is None
        self._known: dict[tuple[str, str | None, str], asyncio.Task[Uploaded]] = {}
        self._made: list[tuple[Uploaded, ApiClient, UploadRule, Mapping[str, str]]] = []
        self._remembered: set[str] = set()

    async def references(
        self, prepared: Prepared, key: Key | None, authorize: Authorize | None, patience: Patience, around: Surroundings
    ) -> dict[bytes, bytes]:
        """What is to stand for each mark in the request. Raises `ApiError` for a file that cannot be uploaded."""
        target, rule = prepared.target, rule_of_uploads(prepared.target)
        prompt = sent_prompt(target, prepared.asked.prompt)
        turns = () if prompt.past is None else prompt.past.turns
        wanted = marked(prepared.request.body, [*prompt.asked, *(piece for turn in turns for piece in turn.asked)])
        if rule is None or not wanted:
            return {}
        account = None if self._memory is None else await asyncio.to_thread(self._memory.account, key)
        client = ApiClient(around, target.dialect, key, authorize or by_key(target, key), patience.idle_s)
        found: dict[bytes, bytes] = {}
        for sha256, piece in wanted.items():
            place = (target.base_url, account, sha256)
            if place not in self._known or (self._known[place].done() and self._known[place].exception() is not None):
                self._known[place] = asyncio.create_task(self._at_hand(piece, target, rule, account, client, around))
            uploaded = await asyncio.shield(self._known[place])
            found[f"{FILE_MARK}{sha256}".encode()] = uploaded.reference.encode()
        return found

    async def forget(self, references: Mapping[bytes, bytes]) -> bool:
        """Forget those that were remembered from earlier runs, as the provider may not have them any more.

        False where there are none.
        """
        gone = {one.decode() for one in references.values()} & self._remembered
        for place, task in [*self._known.items()]:
            if task.done() and task.exception() is None and task.result().reference in gone:
                del self._known[place]
                if self._memory is not None:
                    await asyncio.to_thread(self._memory.forget, task.result())
        self._remembered -= gone
        return bool(gone)

    async def close(self) -> list[str]:
        """Delete what is not to stay, and say what could not be; what nobody waits for any more is broken off."""
        for task in self._known.values():
            task.cancel()
        await asyncio.gather(*self._known.values(), return_exceptions=True)
        problems: list[str] = []
        for uploaded, client, rule, headers in self._made if self._deletes else ():
            try:
                await client.ask(deletion_of(uploaded.host, headers, rule, uploaded.id))
                if self._memory is not None:
                    await asyncio.to_thread(self._memory.forget, uploaded)
            except ApiError as error:
                until = uploaded.expires_at.strftime("%Y-%m-%d %H:%M UTC")
                problems.append(f"{uploaded.name} stays at {uploaded.provider} until {until}: {error.failure.message}")
        self._made.clear()
        return problems

    async def _at_hand(
        self,
        piece: TurnPiece,
        target: Target,
        rule: UploadRule,
        account: str | None,
        client: ApiClient,
        around: Surroundings,
    ) -> Uploaded:
        """The file at the provider: the one that is there, or another."""
        sha256, memory = str(piece.native["sha256"]), self._memory
        now = datetime.fromtimestamp(around.seconds_since_1970(), UTC)
        if memory is not None:
            known = await asyncio.to_thread(memory.find, target.base_url, account, sha256)
            if known is not None and known.expires_at > now + MARGIN:
                self._remembered.add(known.reference)
                return known
        kept = await self._upload(piece, target, rule, client, around)
        uploaded = Uploaded(
            target.provider.name, target.base_url, account, sha256, kept.id, kept.reference, piece.name or "file",
            str(piece.native.get("media_type")), len(piece.data or b""), now, now + timedelta(seconds=rule.lives_s),
            target.profile.name,
        )  # fmt: skip
        self._made.append((uploaded, client, rule, target.provider.headers))
        if memory is not None:
            await asyncio.to_thread(memory.keep, uploaded)
        return uploaded

    async def _upload(
        self, piece: TurnPiece, target: Target, rule: UploadRule, client: ApiClient, around: Surroundings
    ) -> KeptFile:
        try:
            step = upload_of(target, rule, piece)
            for _ in range(2):
                answer = await client.ask(step)
                found = read_upload(target, rule, piece, answer.headers, answer.document)
                if isinstance(found, KeptFile):
                    break
                step = found
            else:
                raise RefusedUploadError("the upload came to no end")
            looks = 0
            while not found.is_ready and looks < LOOKS:
                await around.sleep(1.0)
                looks += 1
                found = read_look((await client.ask(look_at(target, rule, found))).document)
        except RefusedUploadError as error:
            words = f"{piece.name} cannot be uploaded: {error}"
            raise ApiError(failure("protocol", words), may_have_worked=True) from None
        except ApiError as error:
            told = error.failure
            words = f"{piece.name} cannot be uploaded: {told.message}"
            said = failure(told.kind, words, status=told.status, hint=told.hint)
            raise ApiError(said, may_have_worked=error.may_have_worked) from None
        if not found.is_ready:
            words = f"{piece.name} was uploaded and is not ready after {LOOKS} s"
            raise ApiError(failure("timeout", words), may_have_worked=True)
        return found
