"""Puts a session of many turns into the history of its environment: python long_session.py CONFIG PROFILE NAME."""

import sys
from pathlib import Path

from thinkdial.engine.history.conversations import changes
from thinkdial.engine.history.store import Store
from thinkdial.engine.planning.fates import Past
from thinkdial.engine.planning.prepare import Prompt, prepare
from thinkdial.engine.planning.turns import origin_of
from thinkdial.engine.sessions.settings import SessionSettings
from thinkdial.engine.targets.target import resolve
from thinkdial.profiles.config import load
from thinkdial.providers.think import parse_think
from thinkdial.providers.turns.pieces import TurnPiece
from thinkdial.providers.turns.turn import Turn, said
from thinkdial.providers.turns.turn_documents import turn_document

TURNS, CHARACTERS = 200, 2_000
WORDS = "what is asked has an answer that is known and one that is not, and both are told. "


def main(config_path: str, profile: str, name: str) -> None:
    config = load(Path(config_path))
    target = resolve(config.profiles[profile], config)
    turns: list[Turn] = []
    for number in range(1, TURNS + 1):
        prompt = f"Question {number}: " + (WORDS * 20)[: CHARACTERS // 2]
        asked = Prompt(prompt, past=Past(tuple(turns)))
        prepared = prepare(target, parse_think("auto"), asked, config.reference, account="benchmark")
        answer = f"Answer {number}: " + (WORDS * 20)[: CHARACTERS // 2]
        thought = TurnPiece("thinking", WORDS, opaque={"signature": f"signed{number:06d}" * 20})
        pieces = (thought, *said(answer)) if target.dialect == "anthropic-messages" else said(answer)
        turns.append(Turn(number, said(prompt), pieces, origin_of(prepared, None, "2026-11-30T00:00:00Z")))
    with Store.open(create=True) as store:
        session = changes.begin_session(store, name, SessionSettings(profile=profile).document())
        documents = [turn_document(turn) for turn in turns]
        changes.append_turns(
            store,
            session,
            [
                ({"pieces": one["asked"]}, {key: value for key, value in one.items() if key != "asked"})
                for one in documents
            ],
        )


main(*sys.argv[1:])
