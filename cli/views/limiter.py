"""How a limiter stands, as tables and as a document."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from rich.console import Group, RenderableType
from rich.text import Text

from ...engine.limiter.messages import BucketStatus, ClientStatus, LimiterStatus, MoneyStatus
from ...providers.schema import Json
from ...providers.untrusted import harmless
from .grid import Column, needs, ruled
from .numbers import dollars

_T = TypeVar("_T")


def limiter_document(status: LimiterStatus, url: str) -> Json:
    """The same for programs. Amounts are texts of exact digits."""
    return {
        "schema": "thinkdial.limiter/1",
        "url": url,
        "version": status.version,
        "up_s": round(status.up_s, 3),
        "store": status.store,
        "lease_s": status.lease_s,
        "frames": status.frames,
        "calls": status.calls,
        "refused_connections": status.refused_connections,
        "buckets": [
            {name: getattr(one, name) for name in BucketStatus.__struct_fields__} for one in status.buckets
        ],
        "clients": [
            {**{name: getattr(one, name) for name in ClientStatus.__struct_fields__}, "held_usd": f"{one.held_usd:f}"}
            for one in status.clients
        ],
        "money": [
            {"span": one.span, "profile": one.profile, "usd": f"{one.usd:f}",
             "estimated_usd": f"{one.estimated_usd:f}", "aside_usd": f"{one.aside_usd:f}", "calls": one.calls}
            for one in status.money
        ],
    }  # fmt: skip


def limiter_tables(status: LimiterStatus, url: str, width: int) -> RenderableType:
    """Buckets, clients and money."""
    parts: list[RenderableType] = [
        Text(f"{harmless(url)}, up {_duration(status.up_s)}, {status.calls:,} calls; kept in {harmless(status.store)}")
    ]
    if status.refused_connections:
        parts.append(Text(f"{status.refused_connections:,} connections were refused", style="yellow"))
    if status.buckets:
        parts += [Text(), _buckets(status.buckets, width)]
    if status.clients:
        parts += [Text(), _clients(status.clients)]
    if status.money:
        parts += [Text(), _money(status.money)]
    return Group(*parts)


def _buckets(found: Sequence[BucketStatus], width: int) -> RenderableType:
    """In a narrow window the model stands above its host, and the account is left out if it does not fit."""
    limits = [
        _column("account", found, lambda one: one.account[:8], left=True),
        _column("rpm", found, lambda one: _limit(one.rpm)),
        _column("tpm", found, lambda one: _limit(one.tpm)),
        _column("at\nonce", found, lambda one: _limit(one.concurrency)),
        _column("run-\nning", found, lambda one: f"{one.under_way:,}"),
        _column("leased", found, lambda one: f"{one.ready:,}"),
        _column("last\nminute", found, lambda one: f"{one.calls_per_minute:,.0f}"),
        _column("paused", found, lambda one: f"{one.paused_s:.0f} s" if one.paused_s else ""),
    ]
    wide = [_column("bucket", found, lambda one: f"{one.model} at {one.host}", left=True), *limits]
    if needs(wide) <= width:
        return ruled(wide)
    names = [Text(f"{harmless(one.model)}\n  at {harmless(one.host)}") for one in found]
    narrow = [Column("bucket", "left", names), *limits]
    return ruled(narrow if needs(narrow) <= width else [narrow[0], *limits[1:]])


def _clients(found: Sequence[ClientStatus]) -> RenderableType:
    return ruled(
        [
            _column("client", found, lambda one: one.name, left=True),
            _column("job", found, lambda one: one.job or "", left=True),
            _column("calls leased", found, lambda one: f"{one.leased:,}"),
            _column("held", found, lambda one: f"{dollars(one.held_usd)}"),
            _column("heard", found, lambda one: f"{one.silent_s:.0f} s ago" + ("" if one.connected else ", gone")),
        ]
    )


def _money(found: Sequence[MoneyStatus]) -> RenderableType:
    return ruled(
        [
            _column("span", found, lambda one: one.span, left=True),
            _column("profile", found, lambda one: one.profile, left=True),
            _column("calls", found, lambda one: f"{one.calls:,}"),
            _column("spent", found, lambda one: f"{dollars(one.usd)}"),
            _column("of it estimated", found, lambda one: f"{dollars(one.estimated_usd)}" if one.estimated_usd else ""),
            _column("set aside", found, lambda one: f"{dollars(one.aside_usd)}" if one.aside_usd else ""),
        ]
    )


def _column(head: str, found: Sequence[_T], cell: Callable[[_T], str], *, left: bool = False) -> Column:
    return Column(head, "left" if left else "right", [Text(harmless(cell(one))) for one in found])


def _limit(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def _duration(seconds: float) -> str:
    minutes, hours = seconds / 60, seconds / 3600
    return f"{seconds:.0f} s" if minutes < 2 else f"{minutes:.0f} min" if hours < 2 else f"{hours:.0f} h"
