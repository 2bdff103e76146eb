"""Sessions as files: what goes along, that it comes back the same, and what another machine is told."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator

from thinkdial.engine.history.conversations import changes
from thinkdial.engine.history.conversations.rows import find_session, list_sessions, turns_of_tree
from thinkdial.engine.history.store import Store
from thinkdial.engine.sessions.conversation import Conversation, fork, new_conversation, open_conversation, rewind
from thinkdial.engine.sessions.forms.file_text import json_of, text_of, value_of
from thinkdial.engine.sessions.forms.json_object import FormError
from thinkdial.engine.sessions.forms.session_file import FileBranch, FileNode, SessionFile, session_document
from thinkdial.engine.sessions.forms.session_reader import read_session
from thinkdial.engine.sessions.settings import SessionSettings
from thinkdial.engine.sessions.transfer import session_file, store_file
from thinkdial.profiles.facts import packaged_text
from thinkdial.providers.errors import StoreError, UsageError
from thinkdial.providers.turns.pieces import PieceKind, TurnPiece
from thinkdial.providers.turns.turn import Origin, Turn, said
from thinkdial.providers.turns.turn_documents import turn_document

from ...cases import each
from .conftest import Stored

SETTINGS = SessionSettings(profile="claude", think="high", system="Be brief.", told=("openai",))
OWN = Origin(
    "anthropic", "https://api.anthropic.com", "anthropic-messages", "claude-haiku-5-5", "claude-haiku-5-5-20261001",
    account="0123abcd", prefix="ff" * 32, date="2026-11-30T10:00:00Z",
)  # fmt: skip


def add(store: Store, name: str, prompt: str, *pieces: TurnPiece, kind: Any = "turn", **facts: Any) -> Conversation:
    session = open_conversation(store, name).session
    turn = Turn(0, said(prompt), pieces, OWN, dead=frozenset(facts.pop("dead", ())), reasoning_tokens=7)
    document = turn_document(turn)
    del document["asked"]
    asked = changes.asked_document(turn.asked, system="Be brief.", profile="claude", think="high")
    changes.append_turn(store, session, asked, document | {"profile": "claude", "think": "high"} | facts, kind=kind)
    return open_conversation(store, name)


@pytest.fixture
def tree(store: Store, stored: Stored) -> Conversation:
    """A session with signed, redacted and odd pieces, a compaction, a branch left behind, and a fork."""
    new_conversation(store, "Tea", SETTINGS, from_run=str(stored()))
    signed = TurnPiece("thinking", "hm \u2028 \U0001f375", "thinking", {"signature": "c2lnbmVk/+=="})
    redacted = TurnPiece("redacted", "", "redacted_thinking", {"data": "cmVk"})
    add(store, "Tea", "And 97?", signed, redacted, TurnPiece("text", "Yes.", "text"), usd="0.000000123", status="ok")
    call = TurnPiece("call", '{"n":7}', "tool_use", {}, {"caller": {"type": "direct"}}, "toolu_1", "prime")
    add(store, "Tea", "Left behind", signed, call, dead=[0])
    conversation = rewind(store, open_conversation(store, "Tea"), back=1)
    fork(store, conversation, "Green tea", at=1)
    add(
        store,
        "Tea",
        "",
        TurnPiece("compaction", "short", "compaction", {"signature": "x"}),
        kind="compaction",
        covers=2,
        is_ours=True,
    )
    return add(store, "Tea", "Go on\ud83d\ude00", TurnPiece("text", "So be it.", "text"), input_tokens=12)


def exported(store: Store, name: str = "Tea", **options: Any) -> str:
    return json_of(session_document(session_file(store, open_conversation(store, name), **options)))


@pytest.fixture
def elsewhere(tmp_path: Path) -> Any:
    with Store.open(tmp_path / "other" / "history.sqlite3", create=True) as opened:
        yield opened


def test_what_was_exported_and_imported_is_exported_the_same(store: Store, tree: Conversation, elsewhere: Any) -> None:
    written = exported(store)
    store_file(elsewhere, read_session(value_of(text_of(written.encode()))))
    assert exported(elsewhere) == written
    assert {session.name for session in list_sessions(elsewhere)} == {"Tea", "Green tea"}
    assert exported(elsewhere, "Green tea") == exported(store, "Green tea")


def test_the_document_is_as_its_schema_says(store: Store, tree: Conversation) -> None:
    schema = json.loads(packaged_text("schemas/session.schema.json"))
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(json.loads(exported(store)))


def test_nothing_of_the_account_and_of_what_was_agreed_to_is_in_it(store: Store, tree: Conversation) -> None:
    written = exported(store)
    assert "0123abcd" not in written and "account_" not in written and "told" not in written
    assert "openai" not in written


def test_bound_pieces_say_what_binds_them(store: Store, tree: Conversation) -> None:
    node = json.loads(exported(store))["nodes"][1]
    assert [piece.get("bound_to") for piece in node["answered"]] == [
        ["account", "model", "prefix", "provider"], ["account", "model", "prefix", "provider"], None,
    ]  # fmt: skip


def test_the_way_alone_leaves_the_branches_at_home(store: Store, tree: Conversation, elsewhere: Any) -> None:
    written = exported(store, whole=False)
    assert "Left behind" not in written and "Green tea" not in written
    store_file(elsewhere, read_session(value_of(written)))
    assert exported(elsewhere) == written


def test_every_turn_is_imported_and_its_pieces_are_what_they_were(
    store: Store, tree: Conversation, elsewhere: Any
) -> None:
    made = store_file(elsewhere, read_session(value_of(exported(store)))).conversation
    assert [turn.pieces for turn in made.turns] == [turn.pieces for turn in tree.turns]
    assert all(turn.origin.is_imported and turn.origin.account is None for turn in made.turns)
    (before,), (after,) = tree.compactions, made.compactions
    assert (after.covers, after.is_ours, after.turn.pieces) == (before.covers, True, before.turn.pieces)
    assert made.settings.told == () and made.settings.system == "Be brief."
    (left,) = [node for node in turns_of_tree(elsewhere, made.session.tree) if node.turn and node.turn.dead]
    assert left.turn is not None and left.turn.dead == {0}


def test_names_that_are_taken(store: Store, tree: Conversation) -> None:
    file = read_session(value_of(exported(store)))
    with pytest.raises(StoreError, match="there is a session Tea already"):
        store_file(store, file)
    assert len(list_sessions(store)) == 2
    made = store_file(store, file, "Other")
    assert made.conversation.name == "Other" and made.renamed == (("Green tea", "Green tea 2"),)


def test_ids_of_what_a_provider_keeps_stay_at_home(store: Store, tree: Conversation) -> None:
    kept = TurnPiece("server_reference", "", "response", {"id": "resp_1"})
    signed = TurnPiece("thinking", "x", "thinking", {"signature": "s"})
    add(store, "Tea", "Again", kept, signed, TurnPiece("text", "Yes."), dead=[1])
    node = json.loads(exported(store))["nodes"][-1]
    assert [piece["kind"] for piece in node["answered"]] == ["thinking", "text"] and node["dead"] == [0]


KINDS: tuple[PieceKind, ...] = get_args(PieceKind)
WORDS = ("", "a", "茶\n\n", "\u2028\x1b[2J", "\U0001f375", '"\\', "x" * 2000, "\ufeff")


def odd_tree(dice: random.Random, store: Store) -> None:
    """A tree of up to twelve nodes with pieces of every kind, and up to four sessions that stand in it."""

    def piece() -> TurnPiece:
        kind = dice.choice([kind for kind in KINDS if kind != "server_reference"])
        opaque = {name: dice.choice(WORDS) for name in ("signature", "data") if dice.random() < 0.4}
        native = {
            name: dice.choice((1, -1.5, None, True, "", [], {"deep": [1e300, {}]}))
            for name in "ab"
            if dice.random() < 0.4
        }
        id_ = dice.choice((None, "id_1"))
        return TurnPiece(kind, dice.choice(WORDS), "carrier", opaque, native, id_, None, dice.random() < 0.9)

    nodes: list[FileNode] = []
    for number in range(1, dice.randint(1, 12)):
        pieces = tuple(piece() for _ in range(dice.randint(1, 4)))
        dead = frozenset(at for at in range(len(pieces)) if dice.random() < 0.2)
        turn = Turn(0, said(dice.choice(WORDS)), pieces, OWN, dice.random() < 0.2, dead, dice.choice((None, 0, 7)))
        parent = dice.choice((None, *range(1, number)))
        usd = dice.choice((None, Decimal("0.000000001"), Decimal("1.50")))
        nodes.append(
            FileNode(
                number, parent, dice.choice(("turn", "compaction")), f"2026-11-{number:02}T00:00:00Z", turn, usd=usd
            )
        )

    def branch(name: str) -> FileBranch:
        settings = SessionSettings(think=dice.choice((None, "high")), max_cost_usd=dice.choice((None, Decimal("0.10"))))
        return FileBranch(name, "2026-11-30T00:00:00Z", settings, dice.choice((None, *range(1, len(nodes) + 1))))

    store_file(
        store, SessionFile(branch("Tea"), tuple(branch(f"Tea {n}") for n in range(dice.randint(0, 3))), tuple(nodes))
    )


@pytest.mark.parametrize("seed", [pytest.param(n, marks=pytest.mark.slow) if n % 5 else n for n in range(60)])
def test_any_tree_is_exported_imported_and_exported_the_same(store: Store, elsewhere: Any, seed: int) -> None:
    odd_tree(random.Random(seed), store)
    for name in [session.name for session in list_sessions(store)]:
        written = exported(store, name)
        made = store_file(elsewhere, read_session(value_of(text_of(written.encode()))))
        assert exported(elsewhere, name) == written
        for session in [made.conversation.session.name, *[one.name for one in list_sessions(elsewhere)]]:
            if find_session(elsewhere, session):
                changes.remove_session(elsewhere, session)


BAD: list[tuple[str, Any, str]] = [
    ("schema", "thinkdial.run/1", r"\$.schema: is 'thinkdial.run/1'; this reads thinkdial.session/1"),
    ("schema", None, r"\$.schema: is missing"),
    ("schema", 7, r"\$.schema: must be text, not a number"),
    ("tip", 99, r"\$.tip: there is no node 99"),
    ("tip", True, r"\$.tip: must be a whole number, not true or false"),
    ("name", None, r"\$.name: is missing"),
    ("created_at", "yesterday", r"\$.created_at: must be a date and time"),
    ("nodes", {}, r"\$.nodes: must be a list, not an object"),
    ("nodes", [7], r"\$.nodes\[0\]: must be an object, not a number"),
    ("settings", {"when_full": "explode"}, r"\$.settings: when_full is 'explode'"),
    ("settings", {"max_cost_usd": "-1"}, r"\$.settings.max_cost_usd: must be an amount"),
    ("settings", {"max_cost_usd": "1e999999999"}, r"\$.settings.max_cost_usd: must be an amount"),
    ("settings", {"max_input_tokens": "7"}, r"\$.settings.max_input_tokens: must be a whole number"),
    ("settings", {"think": "banana"}, r"\$.settings.think: 'banana' is not a think value"),
    ("settings", {"system": ["x"]}, r"\$.settings.system: must be text, not a list"),
    ("branches", [{"name": "x"}], r"\$.branches\[0\]"),
]

BAD_NODES: list[tuple[str, Any, str]] = [
    ("parent", 1, r"\$.nodes\[0\].parent: there is no node 1 before this one"),
    ("kind", "joke", r"\$.nodes\[0\].kind: is 'joke'; it must be one of turn, compaction"),
    ("answered", [{"kind": "text"}, {"kind": "poem"}], r"\$.nodes\[0\].answered\[1\]: 'poem' is no kind of piece"),
    ("answered", [{"kind": "text", "text": 7}], r"answered\[0\]: text of a piece must be text"),
    ("answered", [{"kind": "text", "opaque": {"a": 7}}], r"answered\[0\]: opaque values of a piece must be text"),
    ("answered", [{"kind": "text", "native": []}], r"answered\[0\].native: must be an object, not a list"),
    ("dead", [99], r"dead: must be a list of positions"),
    ("usd", "much", r"usd: must be an amount"),
    ("input_tokens", -1, r"input_tokens: is out of range"),
    ("origin", {"provider": []}, r"origin.provider: must be text, not a list"),
]


class TestBadFiles:
    @pytest.mark.parametrize(("field", "value", "said_so"), BAD)
    def test_a_bad_field(self, store: Store, tree: Conversation, field: str, value: Any, said_so: str) -> None:
        document = json.loads(exported(store))
        document[field] = value
        with pytest.raises(FormError, match=said_so):
            read_session(document)

    @pytest.mark.parametrize(("field", "value", "said_so"), BAD_NODES)
    def test_a_bad_node(self, store: Store, tree: Conversation, field: str, value: Any, said_so: str) -> None:
        document = json.loads(exported(store))
        document["nodes"][0][field] = value
        with pytest.raises(FormError, match=said_so):
            read_session(document)

    def test_two_nodes_of_one_number(self, store: Store, tree: Conversation) -> None:
        document = json.loads(exported(store))
        document["nodes"][1]["node"] = 1
        with pytest.raises(FormError, match=r"\$.nodes\[1\].node: 1 is there twice"):
            read_session(document)

    def test_a_name_that_could_not_be_typed(self, store: Store, tree: Conversation, elsewhere: Any) -> None:
        document = json.loads(exported(store))
        document["branches"][0]["name"] = "a\x1b[2J"
        with pytest.raises(UsageError, match="cannot hold"):
            store_file(elsewhere, read_session(document))
        assert list_sessions(elsewhere) == []

    @each(
        ("data", "said_so"),
        [
            (b"", "line 1: the file is empty"),
            (b" \n", "line 1: the file is empty"),
            (b'{"a": 1,\n "b": ', r"line 2, column 7: no JSON: .*; the file ends too early"),
            (b'{"a": 1}\n{"b": 2}', "line 2, column 1: there is more after the end of the JSON"),
            (b'{"a": }', "line 1, column 7: no JSON"),
            (b'{"a": NaN}', r"\$.a: is a number that JSON does not have"),
            (b'[1, {"b": 1e999}]', r"\$\[1\].b: is a number that JSON does not have"),
            (b"[" * 100_000, "line 1: JSON nested too deeply"),
            (b"\x00\x01\x02", "binary data"),
            (b'{"a":\n"\xff"}', "line 2: this is not UTF-8 text"),
            (b"[" + b"9" * 5000 + b"]", "line 1: "),
        ],
    )
    def test_bytes_that_are_no_json(self, data: bytes, said_so: str) -> None:
        with pytest.raises(FormError, match=said_so):
            value_of(text_of(data))

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
    def test_marks_and_wide_encodings_are_read(self, encoding: str) -> None:
        assert value_of(text_of('{"name": "Tee – 茶"}'.encode(encoding))) == {"name": "Tee – 茶"}

    def test_half_pairs_become_replacement_characters(self) -> None:
        read = value_of(r'{"a\ud800": ["\udfff", "\ud83d\ude00", {"b": "x\uD83Dy"}]}')
        assert read == {"a\ufffd": ["\ufffd", "\U0001f600", {"b": "x\ufffdy"}]}
