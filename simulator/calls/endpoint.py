"""An endpoint: which method and path, whose it is, and who answers there."""

from __future__ import annotations

import re
from enum import Enum

from msgspec import Struct

from .vendor import Answer, Vendor


class Body(Enum):
    """What an endpoint expects of the request's body."""

    NONE = "none"
    JSON = "json"
    RAW = "raw"


class Endpoint(Struct, frozen=True):
    """A method and a path. The group `model` of the pattern, if any, names the model, else the body does.

    `changes`: a status fault strikes before anything has happened.
    """

    method: str
    pattern: re.Pattern[str]
    vendor: Vendor
    answer: Answer
    body: Body
    changes: bool = False


def read(pattern: str, vendor: Vendor, answer: Answer) -> Endpoint:
    """A GET, which changes nothing."""
    return Endpoint("GET", re.compile(pattern), vendor, answer, Body.NONE)


def ask(pattern: str, vendor: Vendor, answer: Answer) -> Endpoint:
    """A POST of JSON that changes nothing: a question to a model."""
    return Endpoint("POST", re.compile(pattern), vendor, answer, Body.JSON)


def change(pattern: str, vendor: Vendor, answer: Answer, body: Body = Body.JSON, method: str = "POST") -> Endpoint:
    """A request that changes something."""
    return Endpoint(method, re.compile(pattern), vendor, answer, body, changes=True)
