"""What earlier turns weigh: their words, and the reasoning that goes back with them."""

from __future__ import annotations

from msgspec.structs import replace

from thinkdial.engine.costs.conversation_tokens import ConversationTokens, conversation_tokens
from thinkdial.engine.costs.forecast import estimated_input_tokens
from thinkdial.engine.planning.fates import Past
from thinkdial.engine.planning.prepare import Prepared, Prompt, prepare
from thinkdial.engine.targets.target import resolve
from thinkdial.profiles import facts
from thinkdial.profiles.config import load_builtin
from thinkdial.profiles.profile import Profile
from thinkdial.providers.think import AUTO
from thinkdial.providers.turns.pieces import TurnPiece
from thinkdial.providers.turns.turn import Origin, Turn, said

ORIGIN = Origin("deepseek", "https://api.deepseek.com", "openai-chat", "deepseek-v4-flash")
THOUGHT = TurnPiece("thinking", "one two three four five six", "reasoning_content")
TURN = Turn(1, said("How many?"), (THOUGHT, TurnPiece("text", "It is three.")), ORIGIN)


def going_on(*turns: Turn) -> Prepared:
    profile = Profile(name="p", provider="deepseek", model="deepseek-v4-flash")
    prompt = Prompt("And now?", past=Past(turns))
    return prepare(resolve(profile, load_builtin()), AUTO, prompt, facts.reference())


def test_reasoning_weighs_what_the_provider_counted_else_its_words() -> None:
    assert conversation_tokens(going_on()) == ConversationTokens()
    unknown = conversation_tokens(going_on(TURN))
    assert unknown.text > 0 and unknown.reasoning == 6
    assert conversation_tokens(going_on(replace(TURN, reasoning_tokens=312))).reasoning == 312


def test_reasoning_that_stays_behind_weighs_nothing() -> None:
    assert conversation_tokens(going_on(replace(TURN, is_cut=True))).reasoning == 0


def test_a_forecast_counts_what_goes_along() -> None:
    alone, together = going_on(), going_on(replace(TURN, reasoning_tokens=312))
    added = [estimated_input_tokens(one, one.asked.prompt) for one in (alone, together)]
    assert added[1] - added[0] >= 312
