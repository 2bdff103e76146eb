"""Who may work: workers are asked what they are, told of routes, and named where they cannot go them."""

from __future__ import annotations

import os
from collections.abc import Callable

from ...targets.keys import account_label
from .links import Sealing
from .member import CrewMember
from .messages import Introduction, RouteState, Secret, WorkerGreeting
from .parcels import secret_headers, without_secrets
from .routes import CallRoute


class Roll:
    """The workers of one batch by what they can do. `refused` are nodes, and why they get no calls.

    `sealing` makes what only a worker may read; without it keys and headers that may be secret stay here.
    """

    def __init__(
        self, greeting: WorkerGreeting, tell: Callable[[str], None], sealing: Sealing | None, *, asks_reach: bool
    ) -> None:
        self._greeting, self._tell, self._sealing, self._asks_reach = greeting, tell, sealing, asks_reach
        self._salt = os.urandom(16)
        self._told: set[str] = set()
        self.refused: dict[str, str] = {}

    def admits(self, member: CrewMember, greeting: WorkerGreeting | None) -> bool:
        """Whether a worker is of the same kind as we are; one that is not is named."""
        own = self._greeting
        problem = None
        if greeting is None:
            problem = "it does not speak as a worker of this version does"
        elif greeting.version != own.version:
            problem = f"it has thinkdial {greeting.version}, and {own.version} is here: install the same everywhere"
        elif greeting.prices != own.prices:
            problem = f"it has the price table {greeting.prices}, and {own.prices} is here: thinkdial prices update"
        if greeting is not None:
            member.name, member.host, member.room = f"{greeting.host}:{greeting.pid}", greeting.host, greeting.room
            member.seal = greeting.seal
        if problem is not None:
            self.refuse(member.host or member.name, problem)
        return problem is None

    def introduce(self, member: CrewMember, route: CallRoute) -> None:
        """Tell a worker of a route; what it can do there it says later (`learn`)."""
        if route.number in member.routes:
            return
        member.routes[route.number] = None
        order = route.order
        target, sealed = order.call.prepared.target, None
        if self._sealing is not None:
            key = order.call.key
            headers = tuple(secret_headers(target).items())
            sealed = self._sealing(Secret(None if key is None else (key.reveal(), key.source), headers), member.seal)
        elif secret_headers(target):
            problem = "the profile has headers that may be secret, which stay here: --send-keys"
            self.learn(member, RouteState(route.number, problem=problem), route)
            return
        told = Introduction(
            route.number, without_secrets(target), order.call.patience, order.run_id, order.extra, self._salt, sealed,
            self._asks_reach,
        )  # fmt: skip
        member.send([told])

    def learn(self, member: CrewMember, state: RouteState, route: CallRoute) -> None:
        """What a worker can do on a route."""
        member.routes[state.number] = state
        if state.problem is not None:
            self.refuse(member.host, f"{route.name}: {state.problem}")
        elif (own := account_label(self._salt, route.order.call.key)) != state.account and own is not None:
            self._note(f"{member.host} calls {route.name} with the key of another account than this machine")

    def refuse(self, host: str, why: str) -> None:
        """Name a node that gets no calls."""
        self.refused[host] = why
        self._note(f"{host} gets no calls: {why}")

    def _note(self, words: str) -> None:
        if words not in self._told:
            self._told.add(words)
            self._tell(words)
