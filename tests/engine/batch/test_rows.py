"""What is a row, and what is reported as none, with its line."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from thinkdial.engine.batch.rows import entries as module
from thinkdial.engine.batch.rows.entries import bounded_lines, guess_form
from thinkdial.engine.batch.rows.rows import BadRow, Row, read_rows
from thinkdial.engine.batch.rows.templates import template_of
from thinkdial.providers.errors import UsageError

from ...cases import each


def read(data: bytes | str, form: Any = "jsonl", **more: Any) -> list[Row | BadRow]:
    stream = io.BytesIO(data.encode() if isinstance(data, str) else data)
    return list(read_rows(bounded_lines(stream), form, **more))


def good(data: bytes | str, form: Any = "jsonl", **more: Any) -> list[Row]:
    found = read(data, form, **more)
    assert all(isinstance(row, Row) for row in found), found
    return [row for row in found if isinstance(row, Row)]


def one(**fields: Any) -> Row | BadRow:
    (row,) = read(json.dumps({"prompt": "p"} | fields) + "\n")
    return row


def problem(**fields: Any) -> str:
    row = one(**fields)
    assert isinstance(row, BadRow), row
    return row.problem


@each("end", ["\n", "\r\n", ""])
@each("mark", ["", "\ufeff"])
def test_json_lines_whatever_their_ends_and_beginnings(end: str, mark: str) -> None:
    text = f'{mark}{{"prompt": "one"}}\n\n   \n"two"{end}'
    assert [(row.line, row.number, row.text) for row in good(text)] == [(1, 1, "one"), (4, 2, "two")]


@each("form", ["jsonl", "csv", "lines"])
@each("data", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_an_empty_input_has_no_rows(form: str, data: bytes) -> None:
    assert read(data, form) == []


def test_a_csv_of_a_header_alone_has_no_rows() -> None:
    assert read("prompt,id\n", "csv") == []


def test_lines_are_prompts() -> None:
    assert [row.text for row in good("\ufeffone\r\n\n two \nthree", "lines")] == ["one", " two ", "three"]


@each("written", ["{bad", "[1]", "5", "null", "true", '{"prompt": NaN}', '{"prompt": "x", "n": 1e999}', "[" * 100_000])
def test_what_is_no_row_is_reported_with_its_line_and_the_rest_goes_on(written: str) -> None:
    first, bad, last = read(f'"a"\n\n{written}\n"b"\n')
    assert isinstance(first, Row) and isinstance(last, Row) and (last.line, last.number) == (4, 2)
    assert isinstance(bad, BadRow) and bad.line == 3 and bad.problem.startswith("line 3: ")


@pytest.mark.parametrize("form", ["jsonl", "lines", "csv"])
def test_invalid_utf8_costs_one_row(form: str) -> None:
    data = {"jsonl": b'"a"\n"\xff"\n"b"\n', "lines": b"a\n\xff\nb\n", "csv": b"prompt\na\n\xff\nb\n"}[form]
    found = read(data, form)
    assert [isinstance(row, Row) for row in found] == [True, False, True]
    bad = found[1]
    assert isinstance(bad, BadRow) and "UTF-8" in bad.problem and bad.line == (3 if form == "csv" else 2)


@each(
    ("head", "delimiter"),
    [("id;prompt", ";"), ("\ufeffid;prompt", ";"), ("id\tprompt", "\t"), ("sep=;\r\nid;prompt", ";"),
     ("id,prompt", ","), ('"id;a";prompt', ";"), ('"id;;a",prompt', ",")],
)  # fmt: skip
def test_a_csv_says_by_its_header_what_stands_between_cells(head: str, delimiter: str) -> None:
    """Excel writes semicolons wherever a comma stands in numbers."""
    (row,) = good(f'{head}\r\na{delimiter}"eins; zwei, drei"\r\n', "csv")
    assert row.text == "eins; zwei, drei" and row.line == 2 + head.count("\n")


def test_a_header_that_is_no_utf8_is_no_csv() -> None:
    with pytest.raises(UsageError, match="UTF-8"):
        read(b"pr\xff,id\na,b\n", "csv")


@pytest.mark.parametrize("header", ["prompt,prompt", "prompt,,x"])
def test_a_header_must_name_each_column_once(header: str) -> None:
    with pytest.raises(UsageError, match="header"):
        read(f"{header}\na,b\n", "csv")


def test_csv_cells_hold_line_breaks_quotes_and_nothing() -> None:
    text = 'prompt,id,think,tag\r\n"one\ntwo, ""three""",x,,\r\n\r\nfour,,high,t\r\n'
    first, second = good(text, "csv")
    assert (first.text, first.id, first.think, first.extra) == ('one\ntwo, "three"', "x", None, {"tag": ""})
    assert (second.text, str(second.think), second.extra, second.line) == ("four", "high", {"tag": "t"}, 5)


def test_tabs_may_separate_cells() -> None:
    (row,) = good("prompt\tid\na,b\t7\n", "csv", delimiter="\t")
    assert (row.text, row.id) == ("a,b", "7")


def test_a_csv_row_with_other_cells_is_reported_alone() -> None:
    first, bad, last = read('prompt,id\na,1\nb\n"c"d,3\n'.replace('"c"d,3', "c,3"), "csv")
    assert isinstance(bad, BadRow) and "1 cells; the header has 2" in bad.problem and bad.line == 3
    assert isinstance(first, Row) and isinstance(last, Row)


def test_a_misplaced_quote_costs_one_row() -> None:
    found = read('prompt,id\n"a"b,1\nc,2\n', "csv")
    assert [type(row) for row in found] == [BadRow, Row]


def test_a_quote_that_is_never_closed_is_named_with_its_line() -> None:
    first, bad = read('prompt,id\na,1\n"b,2\nc,3\n', "csv")
    assert isinstance(first, Row) and isinstance(bad, BadRow) and bad.line == 3 and "never closed" in bad.problem


def test_nul_bytes_are_characters() -> None:
    assert good(b'"a\\u0000b"\n')[0].text == "a\0b"
    assert good(b"prompt\na\0b\n", "csv")[0].text == "a\0b"


def test_a_row_of_ten_megabytes_is_a_row() -> None:
    text = "x" * (10 * 2**20)
    assert good(json.dumps({"prompt": text}) + "\n")[0].text == text
    assert good(f'prompt,id\n"{text}",1\n', "csv")[0].text == text


@pytest.mark.parametrize("form", ["jsonl", "lines", "csv"])
def test_a_row_beyond_the_limit_is_reported_and_takes_no_memory(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ROW_BYTES", 2**20)
    head = b"prompt\n" if form == "csv" else b""
    longest: list[int] = []

    def watched(stream: io.BytesIO) -> Iterator[bytes]:
        for line in bounded_lines(stream):
            longest.append(len(line))
            yield line

    data = head + b'"a"\n' + b"x" * (3 * 2**20 + 5) + b"\n" + b'"b"\n'
    found = list(read_rows(watched(io.BytesIO(data)), form))  # type: ignore[arg-type]
    assert [isinstance(row, Row) for row in found] == [True, False, True]
    assert max(longest) <= 2**20 + 1


@pytest.mark.parametrize("size", [15, 16, 17, 18, 31, 32, 33, 34, 35])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
def test_lines_around_the_limit(size: int, end: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ROW_BYTES", 16)
    found = read(b"x" * size + end + (b"next\n" if end else b""), "lines")
    assert isinstance(found[0], Row) == (size <= 16)
    assert not end or (isinstance(found[1], Row) and found[1].text == "next" and found[1].line == 2)


# Ids.


def test_ids_may_be_numbers_and_are_text_from_then_on() -> None:
    assert [row.id for row in good('{"id": 7, "prompt": "a"}\n{"row_id": 7.5, "prompt": "b"}\n')] == ["7", "7.5"]


@pytest.mark.parametrize("given", [True, [], {}, ""])
def test_an_id_is_text_or_a_number(given: object) -> None:
    assert "its id is" in problem(id=given)


def test_an_id_stands_for_one_row() -> None:
    first, second = read('{"id": "x", "prompt": "a"}\n{"id": "x", "prompt": "b"}\n')
    assert isinstance(first, Row) and isinstance(second, BadRow)
    assert second.problem == "line 2: the id 'x' was used before, on line 1"


def test_ids_are_made_from_what_is_asked_and_differ() -> None:
    rows = good('{"prompt": "a"}\n{"prompt": "a", "tag": 1}\n{"prompt": "b"}\n{"prompt": "a"}\n')
    first = rows[0].id
    assert [row.id for row in rows] == [first, f"{first}-2", rows[2].id, f"{first}-3"] and len(first) == 16
    assert good('{"prompt": "a"}\n')[0].id == first


def test_an_id_that_is_given_never_equals_one_that_is_made() -> None:
    made = good('"a"\n')[0].id
    bad = read(f'"a"\n"a"\n{{"id": "{made}-2", "prompt": "other"}}\n')[2]
    assert isinstance(bad, BadRow) and "made from its content" in bad.problem
    rows = good(f'{{"id": "{made}", "prompt": "other"}}\n"a"\n{{"id": "{made}-9", "prompt": "z"}}\n')
    assert [row.id for row in rows] == [made, f"{made}-2", f"{made}-9"]


def test_the_system_prompt_and_the_chat_are_part_of_the_content() -> None:
    texts = [
        '{"prompt": "a"}', '{"prompt": "a", "system": "s"}', '{"prompt": "as"}',
        '{"messages": [{"role": "user", "content": "x"}, {"role": "user", "content": "a"}]}',
    ]  # fmt: skip
    assert len({row.digest for row in good("\n".join(texts))}) == 4


# Fields.


def test_all_other_fields_come_out_again_as_they_went_in() -> None:
    extra = {"n": 12345678901234567890123, "f": 0.1, "u": "ü\u2028\U0001f600", "o": {"deep": [None, True, {"x": []}]}}
    row = one(**extra)
    assert isinstance(row, Row) and row.extra == extra


def test_half_a_surrogate_pair_is_kept() -> None:
    (row,) = good('{"prompt": "a\\ud800", "id": "\\ud801", "x": "\\udfff"}\n')
    assert (row.text, row.id, row.extra) == ("a\ud800", "\ud801", {"x": "\udfff"})


@each(
    ("fields", "words"),
    [
        ({"prompt": None}, "no prompt"),
        ({"prompt": "  "}, "empty"),
        ({"prompt": 5}, "prompt must be text"),
        ({"system": ["x"]}, "system must be text"),
        ({"think": "hihg"}, "hihg"),
        ({"think": 1.5}, "think must be"),
        ({"think": True}, "think must be"),
        ({"think": -5}, "-5"),
        ({"profile": 5}, "profile must be"),
        ({"profile": []}, "profile must be"),
        ({"profile": ["a", 5]}, "profile must be"),
        ({"max_output": 0}, "max_output must be"),
        ({"max_output": "many"}, "max_output must be"),
        ({"max_output": "²"}, "max_output must be"),
        ({"max_output": True}, "max_output must be"),
        ({"max_output": 1.5}, "max_output must be"),
        ({"expect": []}, "expect must be"),
        ({"expect": True}, "expect must be"),
        ({"expect": {}}, "expect says nothing"),
        ({"expect": {"contain": "x"}}, "did you mean"),
        ({"expect": {"regex": "("}}, "regular expression"),
        ({"expect": {"schema": 5}}, "schema"),
        ({"expect": {"schema": {"type": "objet"}}}, "no JSON Schema"),
        ({"expect": {"number": "x"}}, "must be a number"),
        ({"expect": {"number": 1, "tolerance": -1}}, "negative"),
        ({"expect": {"contains": [1]}}, "contains"),
        ({"expect": {"exact": "x", "ignore_case": "no"}}, "ignore_case"),
    ],
)
def test_fields_of_the_wrong_kind(fields: dict[str, Any], words: str) -> None:
    assert words.lower() in problem(**fields).lower()


def test_fields_of_the_right_kind() -> None:
    row = one(think=4096, profile=["a", "b", "a"], max_output="50", expect=5, system="s")
    assert isinstance(row, Row)
    assert (str(row.think), row.profiles, row.max_output, row.expect) == ("4096", ("a", "b"), 50, {"number": 5})
    text = one(expect="yes", profile="a")
    assert isinstance(text, Row) and (text.expect, text.profiles) == ({"exact": "yes"}, ("a",))


def test_csv_cells_that_say_more_than_text() -> None:
    text = 'prompt,expect,max_output,messages\n,x,5,"[{""role"": ""user"", ""content"": ""hi""}]"\n'
    (row,) = good(text, "csv")
    assert (row.text, row.expect, row.max_output) == ("hi", {"exact": "x"}, 5)
    (numbered,) = good('prompt,expect\na,"{""number"": 5}"\n', "csv")
    assert numbered.expect == {"number": 5}
    (bad,) = read("prompt,expect\na,{x}\n", "csv")
    assert isinstance(bad, BadRow) and "expect is not JSON" in bad.problem


# Chats.


def chat(*messages: Any, **more: Any) -> Row | BadRow:
    (row,) = read(json.dumps({"messages": list(messages)} | more) + "\n")
    return row


def test_a_chat_is_its_last_message_and_what_came_before() -> None:
    row = chat(
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": [{"type": "text", "text": "two"}, {"type": "text", "text": "three"}]},
        {"role": "user", "content": "four"},
    )
    assert isinstance(row, Row)
    assert (row.system, row.text) == ("be brief", "four")
    assert [(message.role, message.text) for message in row.earlier] == [("user", "one"), ("assistant", "two\n\nthree")]


@each(
    ("messages", "words"),
    [
        ([], "must be a list"),
        ("hi", "must be a list"),
        ([5], "no text content"),
        ([{"role": "user"}], "no text content"),
        ([{"role": "user", "content": [{"type": "image_url"}]}], "no text content"),
        ([{"role": "user", "content": ["x"]}], "no text content"),
        ([{"role": "tool", "content": "x"}], "role 'tool'"),
        ([{"role": ["user"], "content": "x"}], "role"),
        ([{"content": "x"}], "role None"),
        ([{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}], "must be the user's"),
        ([{"role": "system", "content": "x"}], "must be the user's"),
        ([{"role": "user", "content": ""}], "empty"),
    ],
)
def test_chats_that_are_none(messages: Any, words: str) -> None:
    (row,) = read(json.dumps({"messages": messages}) + "\n")
    assert isinstance(row, BadRow) and words in row.problem


def test_two_system_prompts_contradict_each_other() -> None:
    row = chat({"role": "system", "content": "a"}, {"role": "user", "content": "x"}, system="b")
    assert isinstance(row, BadRow) and "twice" in row.problem


# Templates over rows.


def test_a_template_makes_the_prompt_of_a_rows_fields() -> None:
    template = template_of("{{text}} in {{to}}", {"to": "French"})
    rows = good('{"text": "one"}\n{"text": "two", "to": "Latin"}\n', template=template)
    assert [row.text for row in rows] == ["one in French", "two in Latin"]
    assert rows[1].extra == {"text": "two", "to": "Latin"}


def test_a_missing_field_is_named_with_its_row() -> None:
    first, bad = read('{"text": "a"}\n{"txt": "b"}\n', template=template_of("{{text}}", {}))
    assert isinstance(first, Row) and isinstance(bad, BadRow)
    assert bad.problem.startswith("line 2: the template: ") and bad.problem.endswith("; the row has txt")


# The form.


@each(
    ("name", "beginning", "form"),
    [
        ("x.jsonl", b"", "jsonl"), ("x.NDJSON", b"", "jsonl"), ("x.tsv", b"", "csv"), ("x.csv", b"{", "csv"),
        ("x.txt", b"{", "lines"), ("-", b'  {"a"', "jsonl"), ("-", b"\xef\xbb\xbf{", "jsonl"), ("-", b"hello", "lines"),
        ("-", b"", "lines"),
    ],
)  # fmt: skip
def test_the_form_is_guessed(name: str, beginning: bytes, form: str) -> None:
    assert guess_form(name, beginning) == form


SESSION: dict[str, Any] = {
    "schema": "thinkdial.session/1", "name": "tea", "created_at": "2026-11-30T12:00:00Z", "branches": [], "tip": 2,
    "settings": {"system": "Be brief."},
    "nodes": [
        {
            "node": number, "parent": parent, "kind": "turn", "created_at": "2026-11-30T12:00:00Z",
            "asked": [{"kind": "text", "text": asked}], "answered": [{"kind": "text", "text": answered}],
            "origin": {"provider": "anthropic", "endpoint": "https://x", "dialect": "anthropic-messages", "model": "m"},
        }
        for number, parent, asked, answered in ((1, None, "One?", "1"), (2, 1, "Two?", "2"), (3, 1, "Other?", "3"))
    ],
}  # fmt: skip


class TestSessions:
    def test_the_way_of_a_session_stands_before_the_prompt(self, tmp_path: Path) -> None:
        path = tmp_path / "tea.json"
        path.write_text(json.dumps(SESSION, indent=2), encoding="utf-8")
        within, named = one(session=SESSION), one(session=str(path))
        assert isinstance(within, Row) and isinstance(named, Row) and within.past is not None
        assert [turn.number for turn in within.past.turns] == [1, 2]
        assert [turn.asked[0].text for turn in within.past.turns] == ["One?", "Two?"]
        assert all(turn.origin.is_imported for turn in within.past.turns)
        assert (within.text, within.system, within.earlier) == ("p", "Be brief.", ()) and "session" not in within.extra
        assert within.digest == named.digest != one().digest  # type: ignore[union-attr]
        other = one(session={**SESSION, "tip": 1}, system="Go on.")
        assert isinstance(other, Row) and other.system == "Go on." and other.digest != within.digest

    def test_the_message_may_be_the_one_of_a_chat_and_the_session_a_cell(self, tmp_path: Path) -> None:
        path = tmp_path / "tea.json"
        path.write_text(json.dumps(SESSION), encoding="utf-8")
        (chat,) = good(json.dumps({"messages": [{"role": "user", "content": "p"}], "session": SESSION}))
        assert chat.text == "p" and chat.past is not None and len(chat.past.turns) == 2
        csv, alone = good(f"prompt,session\np,{path}\np,\n", "csv")
        assert csv.past is not None and alone.past is None

    def test_what_is_no_session_is_said_with_its_place(self, tmp_path: Path) -> None:
        torn = tmp_path / "torn.json"
        torn.write_text('{"schema": ', encoding="utf-8")
        assert "torn.json: line 1, column 12: no JSON" in problem(session=str(torn))
        assert "cannot be read: there is no such file" in problem(session=str(tmp_path / "none"))
        assert "cannot be read: there is no such file" in problem(session=str(tmp_path))
        assert "session: $.schema: is 'x/1'" in problem(session={"schema": "x/1"})
        assert "session: $: must be an object, not a number" in problem(session=7)
        assert "session: $.tip: there is no node 9" in problem(session={**SESSION, "tip": 9})
        two = [
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": "b"},
            {"role": "user", "content": "c"},
        ]
        assert "twice: in session and in messages" in problem(session=SESSION, messages=two)
