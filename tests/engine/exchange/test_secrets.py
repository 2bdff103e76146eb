"""Our own credentials in what servers send back."""

from __future__ import annotations

import pytest

from thinkdial.engine.exchange.redaction import MARK as WORD
from thinkdial.engine.exchange.redaction import Redactor
from thinkdial.engine.exchange.secrets import Secrets, secrets_of, sent_secrets
from thinkdial.engine.targets.keys import Key
from thinkdial.engine.targets.target import resolve
from thinkdial.profiles.profile import Profile
from thinkdial.providers.errors import Failure
from thinkdial.providers.schema import HttpRequest, Notice

from ..conftest import builtin

MARK = WORD.encode()
KEY = b"sk-secret-0123456789"
OTHER = b"sk-secret-0123456789-longer"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_a_secret_is_replaced_in_whatever_pieces_it_comes(size: int) -> None:
    text = b"before " + KEY + b" between sk-secret-sk-secret-" + KEY + KEY + b" after sk-sec"
    redactor = Redactor([KEY])
    pieces = [redactor.feed(text[at : at + size]) for at in range(0, len(text), size)]
    assert b"".join(pieces) + redactor.close() == text.replace(KEY, MARK)


def test_only_the_beginning_of_a_secret_is_held_back() -> None:
    redactor = Redactor([KEY])
    assert redactor.feed(b"answer sk-se") == b"answer "
    assert redactor.feed(b"ntence") == b"sk-sentence"
    assert redactor.feed(b"s") == b"" and redactor.close() == b"s" and redactor.close() == b""


def test_the_longer_of_two_secrets_goes_first() -> None:
    assert Redactor([KEY, OTHER]).whole(b"x" + OTHER + b"y" + KEY) == b"x" + MARK + b"y" + MARK


def test_without_secrets_nothing_is_held_back() -> None:
    redactor = Redactor([])
    assert redactor.feed(b"anything") == b"anything" and redactor.close() == b""


def test_the_key_and_the_headers_that_are_credentials_are_the_secrets_of_a_request() -> None:
    headers = [("X-Gateway-Token", "gateway-0123456789"), ("x-team", "the-red-team"), ("x-auth", "short")]
    secrets = secrets_of(headers, Key("k3y-01234", "here"))
    assert secrets.out_of("k3y-01234 gateway-0123456789 the-red-team short") == f"{WORD} {WORD} the-red-team short"
    assert secrets.redactor().whole(b"k3y-01234 gateway-0123456789") == MARK + b" " + MARK
    assert secrets_of((), None).out_of("anything") == "anything"


@pytest.mark.parametrize("key", ["k", "none", "1234567"])
def test_a_short_key_is_a_word_and_takes_no_answer_apart(key: str) -> None:
    secrets, text = secrets_of((), Key(key, "here")), f'data: {{"token": "{key}"}}'
    assert secrets.out_of(text) == text
    assert secrets.redactor().whole(text.encode()) == text.encode()
    assert secrets.out_of_message(Notice("code", text)).message == text


def test_the_longer_secret_goes_first_out_of_text_too() -> None:
    assert Secrets((KEY.decode(), OTHER.decode())).out_of(f"x{OTHER.decode()}y") == f"x{WORD}y"


def test_out_of_what_a_server_said() -> None:
    secrets = Secrets(("sk-secret",))
    failed, harmless = Failure("auth", "no sk-secret", 401, hint="h"), Failure("auth", "no")
    assert secrets.out_of_message(failed) == Failure("auth", f"no {WORD}", 401, hint="h")
    assert secrets.out_of_message(harmless) is harmless
    assert secrets.out_of_message(Notice("code", "sk-secret")) == Notice("code", WORD)


@pytest.mark.parametrize(
    ("provider", "auth"),
    [
        ("openai", {"authorization": "Bearer k3y-01234"}),
        ("anthropic", {"x-api-key": "k3y-01234"}),
        ("google", {"x-goog-api-key": "k3y-01234"}),
    ],
)
def test_a_key_is_known_by_the_header_that_carries_it(provider: str, auth: dict[str, str]) -> None:
    target = resolve(Profile("p", provider, "m"), builtin())
    request = HttpRequest("GET", "https://host.example", (("x-my-secret", "hidden-0123"),), b"")
    secrets = sent_secrets(target, request, auth)
    assert secrets.out_of("you sent k3y-01234 and hidden-0123") == f"you sent {WORD} and {WORD}"
    assert sent_secrets(target, request, {}).out_of("k3y-01234 hidden-0123") == f"k3y-01234 {WORD}"
