"""The ways that calls of a batch go: one for each target and patience, by number."""

from __future__ import annotations

from msgspec import Struct

from ...runs.hands.order import CallOrder


class CallRoute(Struct, frozen=True):
    """A way, and the first order that went it."""

    number: int
    order: CallOrder

    @property
    def name(self) -> str:
        """The profile that is called."""
        return self.order.call.prepared.target.profile.name


class Routes:
    """All that there are."""

    def __init__(self) -> None:
        self._by_target: dict[int, CallRoute] = {}
        self._listed: list[CallRoute] = []

    def of(self, order: CallOrder) -> tuple[CallRoute, bool]:
        """The route of an order, and whether it is new."""
        target = order.call.prepared.target
        found = self._by_target.get(id(target))
        if found is not None:
            return found, False
        route = CallRoute(len(self._listed), order)
        self._by_target[id(target)] = route
        self._listed.append(route)
        return route, True

    def numbered(self, number: int) -> CallRoute:
        return self._listed[number]

    def all(self) -> list[CallRoute]:
        return list(self._listed)
