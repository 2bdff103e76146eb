"""Files on every wire: the part that each becomes, what is refused, and what the vendors' SDKs say to it."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from msgspec.structs import replace

from tests.files_made import pdf, png, wav, written_pdf
from thinkdial.engine.attachments.converted import with_stand_ins
from thinkdial.engine.attachments.placement import placed
from thinkdial.engine.attachments.sources import attachment_of
from thinkdial.engine.exchange.secrets import shown_body
from thinkdial.engine.planning.fates import Past
from thinkdial.engine.planning.inputs.attached import AttachmentError, as_parts, rule_for, tokens_of
from thinkdial.engine.planning.prepare import Prepared, Prompt, prepare
from thinkdial.engine.targets.target import resolve
from thinkdial.profiles.profile import Profile
from thinkdial.providers.registry import dialect
from thinkdial.providers.think import parse_think
from thinkdial.providers.turns.turn import Origin, Turn, said

from ....cases import each
from ..routes import CONFIG, PROVIDERS, REFERENCE
from ..test_sdk_types import check

FILES = {"image": ("chart.png", png(64, 48)), "pdf": ("paper.pdf", pdf()), "audio": ("talk.wav", wav())}
ROUTES = {
    "responses": ("openai", "gpt-6-sol", "openai-responses"),
    "chat": ("openai", "gpt-6-sol", "openai-chat"),
    "chat-audio": ("openai", "gpt-audio", "openai-chat"),
    "messages": ("anthropic", "claude-opus-5-5", None),
    "generate": ("google", "gemini-4-argon", "gemini-generate"),
    "interactions": ("google", "gemini-4-argon", "gemini-interactions"),
    "converse": ("bedrock", "us.anthropic.claude-opus-4-7", "bedrock-converse"),
    "mistral": ("mistral", "mistral-medium-latest", "mistral-chat"),
    "voxtral": ("mistral", "voxtral-small-latest", "mistral-chat"),
    "cohere": ("cohere", "command-a-vision-07-2025", None),
    "ollama": ("ollama", "llava", "ollama-chat"),
    "grok": ("xai", "grok-4.5", "openai-responses"),
    "deepseek": ("deepseek", "deepseek-v4-pro", "openai-chat"),
}
WORDS = ("RESOLUTION_LOW", "RESOLUTION_HIGH", "low", "high", "auto")
TAKEN = """
responses     image pdf -
chat          image pdf -
chat-audio    -     -   audio
messages      image pdf -
generate      image pdf audio
interactions  image pdf audio
converse      image pdf -
mistral       image pdf -
voxtral       -     -   audio
cohere        image -   -
ollama        image -   -
grok          image -   -
deepseek      -     -   -
"""


def prepared(route: str, kind: str, think: str = "auto", *, past: Past | None = None) -> Prepared:
    provider, model, dialect = ROUTES[route]
    target = resolve(Profile("p", provider, model, dialect=dialect), CONFIG)
    name, data = FILES[kind]
    text = "What is it?"
    asked = placed(text, [attachment_of(data, name, name)])
    return prepare(target, parse_think(think), Prompt(text, asked=asked, past=past), REFERENCE)


@each("line", TAKEN.strip().splitlines(), ids=lambda line: line.split()[0])
def test_what_each_wire_takes(line: str) -> None:
    route, *taken = line.split()
    for kind, word in zip(FILES, taken, strict=True):
        for think in ("off", "low", "high"):
            if word == "-":
                with pytest.raises(AttachmentError):
                    prepared(route, kind, think)
                continue
            made = prepared(route, kind, think)
            body = made.request.body.decode()
            assert b64encode(FILES[kind][1]).decode() in body
            assert body.index("What is it?") < body.index(b64encode(FILES[kind][1]).decode()) or route == "ollama"


@pytest.mark.slow
@each("line", TAKEN.strip().splitlines(), ids=lambda line: line.split()[0])
def test_what_each_wire_takes_is_what_the_sdk_could_have_written(line: str) -> None:
    route, *taken = line.split()
    for kind, word in zip(FILES, taken, strict=True):
        for think in ("off", "low", "high") if word != "-" else ():
            made = prepared(route, kind, think)
            if made.target.provider.name in PROVIDERS:
                check(made.target.dialect, json.loads(made.request.body))


@each(
    "route, kind, part",
    [
        ("responses", "image", {"type": "input_image", "image_url": "data:image/png;base64,B", "detail": "high"}),
        ("responses", "pdf", {"type": "input_file", "filename": "paper.pdf",
                              "file_data": "data:application/pdf;base64,B", "detail": "high"}),
        ("chat", "image", {"type": "image_url", "image_url": {"url": "data:image/png;base64,B", "detail": "high"}}),
        ("chat-audio", "audio", {"type": "input_audio", "input_audio": {"data": "B", "format": "wav"}}),
        ("messages", "pdf", {"type": "document", "title": "paper.pdf",
                             "source": {"type": "base64", "media_type": "application/pdf", "data": "B"}}),
        ("generate", "image", {"inlineData": {"mimeType": "image/png", "data": "B"},
                               "mediaResolution": {"level": "MEDIA_RESOLUTION_HIGH"}}),
        ("converse", "pdf", {"document": {"name": "paper pdf", "format": "pdf", "source": {"bytes": "B"}}}),
        ("voxtral", "audio", {"type": "input_audio", "input_audio": "B"}),
    ],
)  # fmt: skip
def test_the_part_is_the_wires_own(route: str, kind: str, part: dict[str, Any]) -> None:
    body = prepared(route, kind).request.body.decode().replace(b64encode(FILES[kind][1]).decode(), "B")
    messages = next(value for name, value in json.loads(body).items() if name in ("messages", "input", "contents"))
    assert part in (messages[-1].get("content") or messages[-1]["parts"])


def test_a_refusal_says_why_and_for_whom() -> None:
    with pytest.raises(AttachmentError, match=r"p \(deepseek-v4-pro\): chart.png: it takes no images"):
        prepared("deepseek", "image")
    with pytest.raises(AttachmentError, match="attachment_search"):
        prepared("grok", "pdf")


def test_limits_are_refused_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FILES, "image", ("wide.png", png(9000, 10)))
    with pytest.raises(AttachmentError, match="9,000 pixels a side are more than the 8,000"):
        prepared("messages", "image")


def test_what_is_not_known_is_told() -> None:
    target = resolve(Profile("p", "openrouter", "newcomer/one"), CONFIG)
    asked = placed("hi", [attachment_of(png(), "a.png", "a.png")])
    notices = prepare(target, parse_think("auto"), Prompt("hi", asked=asked), REFERENCE).plan.notices
    assert {"attachment_uncertain", "attachment_uncounted"} <= {notice.code for notice in notices}


def test_what_people_read_has_the_hash_instead_of_the_bytes() -> None:
    made = prepared("messages", "image")
    assert b64encode(FILES["image"][1]).decode() not in shown_body(made)
    assert str(made.asked.prompt.asked[1].native["sha256"]) in shown_body(made)


def earlier(kind: str) -> Past:
    name, data = FILES[kind]
    asked = placed("Look.", [attachment_of(data, name, name)])
    origin = Origin("anthropic", "https://api.anthropic.com", "anthropic-messages", "claude-opus-5-5")
    return Past((Turn(1, asked, said("I see."), origin),))


def test_a_file_of_an_earlier_turn_goes_along_where_it_is_taken() -> None:
    made = prepared("responses", "image", past=earlier("pdf"))
    assert b64encode(FILES["pdf"][1]).decode() in made.request.body.decode()
    assert [(fate.kind, fate.fate) for fate in made.continuity.fates] == [("file", "kept")]


def test_a_file_of_an_earlier_turn_leaves_a_note_where_it_is_not_taken() -> None:
    made = prepared("cohere", "image", past=earlier("pdf"))
    assert b64encode(FILES["pdf"][1]).decode() not in made.request.body.decode()
    assert "[paper.pdf: a file of kind pdf that is not sent along]" in made.request.body.decode()
    (fate,) = made.continuity.fates
    assert (fate.kind, fate.fate, fate.reason) == ("file", "dropped", "Cohere takes documents as text only")


def test_files_are_counted_by_the_provider_only_where_its_endpoint_knows_their_parts() -> None:
    for route, counts in (("responses", True), ("messages", True), ("generate", True), ("chat", False)):
        made = prepared(route, "image")
        speech: Any = dialect(made.target.dialect)
        built = speech.build_count(made.call, made.target.base_url, {"counts": True})
        assert (built is not None) is counts
        assert built is None or b64encode(FILES["image"][1]) in built.body


def test_what_a_route_does_not_take_is_converted_where_that_is_wished() -> None:
    target = resolve(Profile("p", "cohere", "command-a-vision-07-2025"), CONFIG)
    asked = placed("What?", [attachment_of(written_pdf("The best year was 1999."), "paper.pdf", "paper.pdf")])
    prompt = with_stand_ins(Prompt("What?", asked=asked))
    made = prepare(target, parse_think("auto"), prompt, REFERENCE)
    assert "The best year was 1999." in made.request.body.decode()
    (told,) = [one.message for one in made.plan.notices if one.code == "attachment_converted"]
    assert told == "paper.pdf: sent as its text, 1 page; lost: layout, images and tables as such"
    past = Past((Turn(1, asked, said("I see."), Origin("x", "x", "x", "x")),))
    again = prepare(target, parse_think("auto"), with_stand_ins(Prompt("And?", past=past)), REFERENCE)
    assert "The best year was 1999." in again.request.body.decode()
    claude = resolve(Profile("p", "anthropic", "claude-opus-5-5"), CONFIG)
    assert '"document"' in prepare(claude, parse_think("auto"), prompt, REFERENCE).request.body.decode()


def test_detail_goes_in_each_wires_own_word_and_counts_by_it() -> None:
    data = png(1024, 1024)
    found: dict[str, tuple[str, int | None]] = {}
    for route in ("chat", "responses", "generate", "interactions", "cohere", "messages"):
        for detail in ("low", "high", "auto"):
            provider, model, dialect = ROUTES[route]
            target = resolve(Profile("p", provider, model if route != "chat" else "gpt-4o", dialect=dialect), CONFIG)
            (piece,) = (replace(attachment_of(data, "a.png", "a.png"), detail=detail).piece(),)
            (part,) = as_parts(target, (piece,))
            shown = json.dumps(part.native).replace(b64encode(data).decode(), "")
            word = next((word for word in WORDS if word in shown), "")
            found[f"{route} {detail}"] = (word, tokens_of(piece, rule_for(target)))
    assert found == {
        "chat low": ("low", 85), "chat high": ("high", 765), "chat auto": ("auto", None),
        "responses low": ("low", None), "responses high": ("high", None), "responses auto": ("auto", None),
        "generate low": ("RESOLUTION_LOW", 280), "generate high": ("RESOLUTION_HIGH", 1120),
        "generate auto": ("", None),
        "interactions low": ("low", 280), "interactions high": ("high", 1120), "interactions auto": ("", None),
        "cohere low": ("low", 256), "cohere high": ("high", 1280), "cohere auto": ("auto", None),
        "messages low": ("", 1369), "messages high": ("", 1369), "messages auto": ("", 1369),
    }  # fmt: skip
