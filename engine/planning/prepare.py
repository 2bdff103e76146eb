"""One target and one think value -> the plan and the request, byte for byte as it would be posted. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from ...profiles.profile import Reference
from ...profiles.state.compactions import CompactionMeans
from ...providers.json_values import obj, parse_json
from ...providers.merge import joined, merged, without
from ...providers.registry import dialect
from ...providers.schema import Call, HttpRequest, Notice
from ...providers.think import Level, Think
from ...providers.turns.prefix import prefix_of
from ...providers.turns.turn import Turn
from ..targets.target import Target
from .addresses import check_address
from .certainty import end_notice
from .fates import NO_TURNS, Continuity, Past
from .plan import PlanContext, ThinkPlan, plan
from .think_plan import AimReceipt, Prompt, checked_text, sent_prompt

if TYPE_CHECKING:
    from ...profiles.tools.server_tools import ServerToolRule
    from ..shapes.request import ShapePlan
    from ..tools.request import ToolsPlan


class Prepared(Struct, frozen=True):
    """A call that is ready to be sent, and everything that was decided for it.

    `asked` is what it was decided from, so that it can be decided again when the provider knows better. `emulated`:
    the reasoning is asked for by prompt and has to be taken out of the answer. `continuity` is what becomes of earlier
    turns.
    """

    target: Target
    think: Think
    plan: ThinkPlan
    call: Call
    request: HttpRequest
    asked: Asked
    emulated: bool = False
    continuity: Continuity = NO_TURNS
    shape: ShapePlan | None = None
    server_tools: tuple[ServerToolRule, ...] = ()
    tools: ToolsPlan | None = None

    @property
    def may_pause(self) -> bool:
        """Whether the answer may stop in the middle of the provider's tools, and goes on when it is sent back."""
        return any(tool.pauses for tool in self.server_tools)

    @property
    def prefix(self) -> str:
        """What the answer will be bound to: `prefix_of` the body."""
        return prefix_of(obj(parse_json(self.request.body)))


class Asked(Struct, frozen=True):
    """What a call is prepared from, besides its target and think value. `account` stands for the credential.

    `is_strict`: what the provider refuses of the think value is neither replaced nor left out. `compaction`: nothing is
    asked but that the provider makes the conversation short. `repeat` is the number of the sample, from 1, of a call
    that is made several times. `twins` are other wishes of the same sweep that make the very same request.
    """

    prompt: Prompt
    reference: Reference
    max_output_tokens: int | None = None
    stream: bool = True
    emulate: bool = False
    account: str | None = None
    is_strict: bool = False
    compaction: CompactionMeans | None = None
    repeat: int | None = None
    twins: tuple[Twin, ...] = ()
    aim: AimReceipt | None = None


class Twin(Struct, frozen=True):
    """Another think value, and what was decided for it: the same bytes."""

    think: Think
    plan: ThinkPlan


def prepare(
    target: Target,
    think: Think,
    prompt: Prompt,
    reference: Reference,
    *,
    max_output_tokens: int | None = None,
    stream: bool = True,
    emulate: bool = False,
    account: str | None = None,
    is_strict: bool = False,
    compaction: CompactionMeans | None = None,
    aim: AimReceipt | None = None,
) -> Prepared:
    """Decide and build. `account` is a keyed hash that stands for the credential of the call, where it is known.

    `aim` is the dose that `think` was chosen for.

    Raises `ConfigError` when the profile's params contradict the dial, `UsageError` as `plan_continuity` does.
    """
    asked = Asked(prompt, reference, max_output_tokens, stream, emulate, account, is_strict, compaction, aim=aim)
    return _prepare(target, think, asked)


def _prepare(target: Target, think: Think, asked: Asked) -> Prepared:
    """The same, from what was asked."""
    profile, prompt = target.profile, sent_prompt(target, asked.prompt)
    context = PlanContext(
        card=target.card,
        spelling=target.spelling,
        reference=asked.reference,
        model=profile.model,
        max_output_tokens=asked.max_output_tokens or profile.max_output_tokens,
        limit_required=dialect(target.dialect).NEEDS_OUTPUT_LIMIT,
        refuses_levels=target.use.refuses_levels,
        params=profile.params,
    )
    decided = plan(think, context)
    if asked.aim is not None:
        decided = decided.for_dose(asked.aim)
    if target.card_note is not None:
        decided = replace(decided, notices=(Notice("published_card", target.card_note), *decided.notices))
    if (notice := end_notice(target)) is not None:
        decided = replace(decided, notices=(notice, *decided.notices))
    system = prompt.system or profile.system
    emulated = (asked.emulate or profile.emulate) and _can_be_emulated(think, decided, target)
    if emulated:
        from ...providers.emulation import scaffold

        decided, system = decided.emulated(), scaffold(think, system)
    tools = None
    if (prompt.tools is not None or profile.tools is not None) and asked.compaction is None:
        from ..tools.for_target import planned_tools  # much to import, which only tools need

        tools = planned_tools(
            target, prompt.tools, decided.params or {}, decided.native,
            thinks=decided.thinks, asked=not think.is_auto and not think.is_off,
        )  # fmt: skip
        if tools is not None:
            decided = replace(decided, notices=(*tools.notices, *decided.notices))
    declared: Mapping[str, Any] = {} if tools is None else tools.native
    shaped = None
    if (prompt.shape is not None or profile.schema is not None) and asked.compaction is None:
        from ..shapes.for_target import planned_shape  # much to import, which only schemas need

        said = "\n".join(filter(None, (system, prompt.text)))
        shaped = planned_shape(target, prompt.shape, decided.params or {}, decided.thinks, said, declared)
        decided, system = replace(decided, notices=(*shaped.notices, *decided.notices)), shaped.system(system)
    own: Mapping[str, Any] = {} if shaped is None else shaped.native
    native, headers, rules = merged(target.use.body, decided.native, declared, own), (), ()
    names = profile.server_tools if prompt.server_tools is None else prompt.server_tools
    if names and asked.compaction is None:
        from ..server_tools.request import GoesAlong, plan_server_tools  # which few calls need

        along = GoesAlong(
            bool(declared), schema=shaped is not None and shaped.fidelity != "prompt", thinks=decided.thinks
        )
        served = plan_server_tools(target, names, decided.params or {}, along)
        native, headers, rules = joined(native, served.native), served.headers, served.rules
        decided = replace(decided, notices=(*decided.notices, *served.notices))
    call = Call(
        model=profile.model,
        prompt=prompt.text,
        system=system,
        max_output_tokens=decided.max_output_tokens,
        stream=asked.stream,
        native=native,
        params=decided.params or {},
        earlier=prompt.earlier,
        headers=headers,
    )
    continuity = NO_TURNS
    if prompt.past is not None:
        from .conversation import with_past  # much to import, which only sessions need

        own = call.native
        names = frozenset(() if tools is None else (tool.name for tool in tools.sent))
        call, continuity = with_past(target, call, prompt.past, prompt.pieces, asked.account, names)
        wished = tuple(name for name in call.native if name not in own)
        decided = replace(decided, optional=(*decided.optional, *wished))
        if continuity.turns:
            from .compaction import asked_in_turn

            call, at = asked_in_turn(target, call, prompt.past.policy.over(profile.context))
            continuity = replace(continuity, compacts_at=at)
    if prompt.asked:
        from .inputs.attached import file_notices, with_files
        from .inputs.stand_ins import conversion_notices

        if prompt.past is None:
            call = with_files(target, call, prompt.asked, prompt.earlier)
        told = (*conversion_notices(target, asked.prompt.asked, prompt.stand_ins), *file_notices(target, prompt.asked))
        decided = replace(decided, notices=(*decided.notices, *told))
    if profile.cache or (prompt.past is not None and prompt.past.turns):
        from .cache import cache_rule_of, with_cache

        call = with_cache(target, call, prompt.past)
        if (key := cache_rule_of(target).key) is not None and key in call.native:
            decided = replace(decided, optional=(*decided.optional, key))
    if asked.compaction is not None:
        from .compaction import compacting

        target, call = compacting(target, call, asked.compaction)
    request = _build(target, call)
    check_address(target.base_url, request.url)
    return Prepared(target, think, decided, call, request, asked, emulated, continuity, shaped, rules, tools)


def _can_be_emulated(think: Think, decided: ThinkPlan, target: Target) -> bool:
    """Only where the model does not reason: others may refuse a prompt that asks for their reasoning."""
    wants = not think.is_auto and not think.is_off
    return wants and decided.fidelity == "unsupported" and target.card.control == "none"


def with_levels(prepared: Prepared, levels: tuple[Level, ...], can_be_off: bool) -> Prepared | None:
    """The same call decided again for a model that takes `levels`; None when that changes nothing that is sent."""
    if prepared.think.is_auto:
        return None
    target = prepared.target
    card = replace(target.card, control="effort", levels=levels, can_be_off=can_be_off, budget=None)
    again = _prepare(replace(target, card=card, card_note=None), prepared.think, prepared.asked)
    if again.plan.native == prepared.plan.native:
        return None
    return again


def without_field(prepared: Prepared, path: str) -> Prepared:
    """The same call without one optional thinking field that the provider refuses."""
    decided = replace(
        prepared.plan,
        native=without(prepared.plan.native, path),
        optional=tuple(other for other in prepared.plan.optional if other != path),
    )
    call = replace(prepared.call, native=without(prepared.call.native, path))
    return replace(prepared, plan=decided, call=call, request=_build(prepared.target, call))


def with_repeat(prepared: Prepared, repeat: int | None) -> Prepared:
    """The same call as the sample `repeat`."""
    return replace(prepared, asked=replace(prepared.asked, repeat=repeat))


def with_notice(prepared: Prepared, *why: Notice) -> Prepared:
    """The same call with a word beside its result."""
    return replace(prepared, plan=replace(prepared.plan, notices=(*prepared.plan.notices, *why)))


def with_quirks(prepared: Prepared, quirks: Mapping[str, Any]) -> Prepared | None:
    """The same call spelled with other quirks of its dialect; None when that sends the same bytes."""
    use = prepared.target.use
    target = replace(prepared.target, use=replace(use, quirks={**use.quirks, **quirks}))
    request = _build(target, prepared.call)
    return None if request == prepared.request else replace(prepared, target=target, request=request)


def without_param(prepared: Prepared, name: str) -> Prepared | None:
    """The same call without one of the profile's own fields; None when it has none of that name."""
    profile = prepared.target.profile
    if name not in prepared.call.params:
        return None
    target = replace(prepared.target, profile=replace(profile, params=without(profile.params, name)))
    call = replace(prepared.call, params=without(prepared.call.params, name))
    return replace(prepared, target=target, call=call, request=_build(target, call))


def without_thinking(prepared: Prepared, name: str, why: str) -> Prepared | None:
    """The same call without a field of the think value, which counts as unsupported, for the reason `why`."""
    decided = prepared.plan
    if name not in decided.native:
        return None
    native = without(decided.native, name)
    notice = Notice("think_unsupported", why)
    optional = tuple(path for path in decided.optional if path.partition(".")[0] != name)
    decided = replace(decided, native=native, optional=optional, notices=(*decided.notices, notice))
    if not prepared.think.is_auto:
        decided = replace(decided, fidelity="unsupported", note=why, level=None, budget_tokens=None, thinks=None)
    call = replace(prepared.call, native=without(prepared.call.native, name))
    return replace(prepared, plan=decided, call=call, request=_build(prepared.target, call))


def with_output_limit(prepared: Prepared, tokens: int, *why: Notice) -> Prepared:
    """The same call with at most `tokens` of output, reasoning included, and the reason beside it."""
    asked = replace(prepared.asked, max_output_tokens=tokens)
    again = _prepare(prepared.target, prepared.think, asked)
    return replace(again, plan=replace(again.plan, notices=(*again.plan.notices, *why)))


def with_prompt(prepared: Prepared, prompt: Prompt) -> Prepared:
    """The same call for another prompt: what was decided does not depend on it."""
    is_more = bool(prompt.shape or prepared.shape or prompt.server_tools or prepared.server_tools)
    is_more = is_more or prompt.tools != prepared.asked.prompt.tools
    if prompt.past is not None or prompt.asked or is_more or prepared.target.profile.cache:
        return _prepare(prepared.target, prepared.think, replace(prepared.asked, prompt=prompt))
    system = prompt.system or prepared.target.profile.system
    if prepared.emulated:
        from ...providers.emulation import scaffold

        system = scaffold(prepared.think, system)
    before, given = prepared.call, prepared.asked
    call = Call(
        before.model, prompt.text, system, before.max_output_tokens, before.stream, before.native, before.params,
        prompt.earlier,
    )  # fmt: skip
    asked = replace(given, prompt=prompt)
    request = _build(prepared.target, call)
    return Prepared(
        prepared.target, prepared.think, prepared.plan, call, request, asked, prepared.emulated, tools=prepared.tools
    )


def without_pieces(prepared: Prepared, dead: Mapping[int, frozenset[int]]) -> Prepared:
    """The same call without the pieces that the provider has refused: their positions, by the number of the turn.

    A compaction that is refused stands for nothing any more: the turns that it stood for go themselves.
    """
    prompt = prepared.asked.prompt
    past = prompt.past or Past()
    sent = {turn.number: turn for turn in prepared.continuity.turns}
    compacted = {
        one.covers for one in past.compactions if one.covers in sent and sent[one.covers].pieces is one.turn.pieces
    }
    turns = tuple(
        turn if turn.number in compacted else _without(turn, dead.get(turn.number, frozenset())) for turn in past.turns
    )
    compactions = tuple(
        replace(one, turn=_without(one.turn, dead[one.covers]))
        if one.covers in dead and one.covers in compacted and sent[one.covers].pieces is one.turn.pieces
        else one
        for one in past.compactions
    )
    past = replace(past, turns=turns, compactions=compactions)
    asked = replace(prepared.asked, prompt=replace(prompt, past=past))
    return _prepare(prepared.target, prepared.think, asked)


def _without(turn: Turn, dead: frozenset[int]) -> Turn:
    return replace(turn, dead=turn.dead | dead) if dead else turn


def without_turn_compaction(prepared: Prepared) -> Prepared:
    """The same call, without asking the provider to compact on the way."""
    prompt = prepared.asked.prompt
    past = prompt.past or Past()
    past = replace(past, policy=replace(past.policy, when_full="refuse"))
    return _prepare(prepared.target, prepared.think, replace(prepared.asked, prompt=replace(prompt, past=past)))


def unstreamed(prepared: Prepared) -> Prepared:
    """The same call for one whole body."""
    call = replace(prepared.call, stream=False)
    return replace(prepared, call=call, request=_build(prepared.target, call))


def _build(target: Target, call: Call) -> HttpRequest:
    built = dialect(target.dialect).build_request(call, target.base_url, target.use.quirks)
    own = with_own_headers(target, built)
    for name, value in call.headers:
        given = [known for key, known in own.headers if key == name]
        kept = tuple(header for header in own.headers if header[0] != name)
        own = replace(own, headers=(*kept, (name, ",".join(dict.fromkeys((*given, value))))))
    return own


def with_own_headers(target: Target, built: HttpRequest) -> HttpRequest:
    """The request with the headers that the provider and the profile add; theirs replace the dialect's."""
    if not target.provider.headers and not target.profile.headers:
        return built
    extra = {**target.provider.headers, **target.profile.headers}
    kept = tuple((name, value) for name, value in built.headers if name not in {key.lower() for key in extra})
    return HttpRequest(
        built.method, built.url, (*kept, *((key.lower(), value) for key, value in extra.items())), built.body
    )


__all__ = [
    "Asked", "Prepared", "Prompt", "Twin", "checked_text", "prepare", "sent_prompt", "unstreamed", "with_levels",
    "with_notice", "with_output_limit", "with_own_headers", "with_prompt", "with_quirks", "with_repeat",
    "without_field", "without_param", "without_pieces", "without_thinking", "without_turn_compaction",
]  # fmt: skip
