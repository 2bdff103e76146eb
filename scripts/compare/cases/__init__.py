"""The cases, by what they are about."""

from __future__ import annotations

from itertools import chain

from ..steps import Case
from . import batches, calls, faults, money, providers, served, setup, stored, texts

ALL: tuple[Case, ...] = tuple(
    chain(
        calls.CASES,
        stored.CASES,
        providers.CASES,
        batches.CASES,
        faults.CASES,
        money.CASES,
        served.CASES,
        setup.CASES,
        texts.CASES,
    )
)
