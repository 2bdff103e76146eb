"""The model names that pick a style: `GET /v1/models`."""

from __future__ import annotations

from ...calls.call import ApiCall
from ...calls.reply import HttpReply
from ...openai_family.catalogue import entry, listed
from .arms import ARMS
from .styles import STYLES


def models(call: ApiCall) -> HttpReply:
    """The reasoning styles of the compatible server and its arms of known truth; every other name works too."""
    return listed(entry(name, "simulated") for name in (*STYLES, *ARMS))
