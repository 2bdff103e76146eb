"""How a request proves who sends it: a key where there is one, an AWS signature where a provider takes that instead."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from thinkdial.engine.planning.prepare import Prompt, prepare
from thinkdial.engine.targets.authorize import authorization, signing_scope
from thinkdial.engine.targets.target import Target, resolve
from thinkdial.profiles.config import load_builtin
from thinkdial.profiles.profile import Profile
from thinkdial.providers.errors import ConfigError
from thinkdial.providers.schema import HttpRequest
from thinkdial.providers.think import parse_think

from ..conftest import builtin

MODEL = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "marked-secret-0123456789"}


def bedrock(**changes: Any) -> Target:
    settings: dict[str, Any] = {"provider": "bedrock", "model": MODEL, "endpoint": {"region": "us-west-2"}}
    return resolve(Profile(name="p", **(settings | changes)), builtin(), environment={})


def request(target: Target) -> HttpRequest:
    return prepare(target, parse_think("off"), Prompt("hi"), builtin().reference).request


def test_a_bedrock_key_goes_first() -> None:
    target = bedrock()
    key, authorize = authorization(target, {"AWS_BEARER_TOKEN_BEDROCK": "marked-key", **CREDENTIALS})
    assert key is not None
    assert authorize(request(target)) == {"authorization": "Bearer marked-key"}


def test_without_a_key_the_request_is_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    target = bedrock()
    key, authorize = authorization(target, {})
    headers = authorize(request(target))
    assert key is None
    assert headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert "/us-west-2/bedrock/aws4_request" in headers["authorization"]
    assert "x-amz-date" in headers
    assert "marked-secret" not in json.dumps(dict(headers))


def test_the_model_stands_escaped_in_the_path() -> None:
    assert request(bedrock()).url.endswith("/model/us.anthropic.claude-haiku-4-5-20251001-v1%3A0/converse-stream")


def test_mantle_has_a_service_of_its_own() -> None:
    target = bedrock(model="anthropic.claude-opus-5-5", dialect="anthropic-messages")
    assert target.base_url == "https://bedrock-mantle.us-west-2.api.aws/anthropic"
    assert signing_scope(target) == ("bedrock-mantle", "us-west-2")


def test_without_key_and_botocore_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "botocore.auth", None)
    with pytest.raises(ConfigError, match="AWS_BEARER_TOKEN_BEDROCK is not set") as caught:
        authorization(bedrock(), {})
    assert "[aws]'" in (caught.value.hint or "")


def test_without_credentials_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(ConfigError, match="no AWS credentials were found"):
        authorization(bedrock(), {})


def test_routes_of_one_provider_may_take_the_key_in_other_headers() -> None:
    config = load_builtin()
    environment = {"AZURE_OPENAI_API_KEY": "marked-key"}
    for dialect, header in (("openai-responses", "api-key"), ("anthropic-messages", "x-api-key")):
        profile = Profile(name="p", provider="azure", model="d", dialect=dialect, endpoint={"resource": "mine"})
        target = resolve(profile, config, environment={})
        _, authorize = authorization(target, environment)
        assert authorize(HttpRequest("POST", target.base_url, (), b"")) == {header: "marked-key"}
