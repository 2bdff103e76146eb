"""Keeps our own credentials out of what is shown and stored: some servers repeat what they were sent. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TypeVar

from msgspec.structs import replace

from ...providers.errors import Failure
from ...providers.fold import Reply
from ...providers.schema import HttpRequest, Notice
from ...providers.untrusted import MOST_WORDS, bounded
from ..planning.prepare import Prepared, sent_prompt
from ..targets.authorize import auth_of
from ..targets.keys import Key
from ..targets.target import Target
from .redaction import Redactor, is_plain

MASK = "***"
SECRET_WORDS = ("auth", "key", "token", "secret", "cookie", "pass", "credential", "session", "signature")

LEAST_SECRET = 8
"""Characters. What is shorter is a word, as local servers take for a key (`x`, `none`), and found in any answer."""

Told = TypeVar("Told", Failure, Notice)


class Secrets:
    """What must not come back out of a response, as text or as bytes.

    A value shorter than `LEAST_SECRET` is no secret that can be recognised: it stays where it is, since taking it out
    would take an answer apart.
    """

    __slots__ = ("_encoded", "_escape", "_values")

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._values = sorted({value for value in values if len(value) >= LEAST_SECRET}, key=len, reverse=True)
        self._encoded = tuple(value.encode() for value in self._values)
        self._escape = "\\u" if all(map(is_plain, self._values)) else "\\"

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to look for."""
        return not self._values

    def out_of(self, text: str) -> str:
        """`text` without them, as they are and as JSON escapes them."""
        if not self._encoded or not (self._escape in text or any(value in text for value in self._values)):
            return text
        redactor = self.redactor()
        given = redactor.text(text, "surrogatepass")
        rest = redactor.close()
        return given + rest.decode("utf-8", "surrogatepass") if rest else given

    def out_of_message(self, told: Told) -> Told:
        """What a server said, without them."""
        message = self.out_of(told.message)
        return told if message == told.message else replace(told, message=message)

    def out_of_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """The headers of a response without them, each value no longer than words from outside may be."""
        if not self._values:
            return {name: value if len(value) <= MOST_WORDS else bounded(value) for name, value in headers.items()}
        return {name: bounded(self.out_of(value)) for name, value in headers.items()}

    def out_of_reply(self, reply: Reply) -> Reply:
        """A reply without them, where a text was put together in another order than it came."""
        if not self._values:
            return reply
        answer, reasoning = self.out_of(reply.answer), self.out_of(reply.reasoning)
        if answer == reply.answer and reasoning == reply.reasoning:
            return reply
        return replace(reply, answer=answer, reasoning=reasoning)

    def redactor(self) -> Redactor:
        """For one body."""
        return Redactor(self._encoded)


NOTHING_SECRET = Secrets()
"""For what was stored: the bytes have been through here before."""


def secrets_of(headers: Iterable[tuple[str, str]], key: Key | None) -> Secrets:
    """The secrets of a request: its key, and the headers whose names say that they are credentials.

    Of a header such as `Bearer KEY` the last word is one by itself.
    """
    return _secrets(tuple(headers), "" if key is None else key.reveal())


def sent_secrets(target: Target, request: HttpRequest, auth: Mapping[str, str]) -> Secrets:
    """The secrets of a request whose credential is known only as the headers `auth` that it was given."""
    header, scheme = auth_of(target)
    return _secrets((*request.headers, *auth.items()), auth.get(header, "").removeprefix(scheme))


@lru_cache(maxsize=64)
def _secrets(headers: tuple[tuple[str, str], ...], key: str) -> Secrets:
    """They are the same for all rows of a batch."""
    named = [value for name, value in headers if may_be_secret(name)]
    return Secrets((key, *named, *(value.rpartition(" ")[2] for value in named)))


def may_be_secret(header: str) -> bool:
    """Whether the value of a header of this name is kept out of all that is shown."""
    return any(word in header.lower() for word in SECRET_WORDS)


def masked_headers(prepared: Prepared, key_source: str | None) -> dict[str, str]:
    """The headers that would be sent, with every credential masked."""
    auth_header, auth_scheme = auth_of(prepared.target)
    headers = {
        name: MASK if name == auth_header or may_be_secret(name) else value for name, value in prepared.request.headers
    }
    if key_source is not None:
        headers.setdefault(auth_header, f"{auth_scheme}{MASK}")
    return headers


def shown_body(prepared: Prepared) -> str:
    """The body as people may read it: the hash of a file stands where its bytes are."""
    return kept_body(prepared).decode("utf-8", "replace")


def kept_body(prepared: Prepared) -> bytes:
    """The same as it is kept, in UTF-8: no copy of what was sent, unless files went along."""
    body, prompt = prepared.request.body, sent_prompt(prepared.target, prepared.asked.prompt)
    if prompt.asked or prompt.past is not None:
        from ..planning.inputs.attached import without_bytes

        body = without_bytes(body, prompt.asked, () if prompt.past is None else prompt.past.turns)
    return body
