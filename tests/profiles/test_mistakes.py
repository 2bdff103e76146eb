"""Every mistake in a configuration names its file, line and column, and what was probably meant."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from thinkdial.profiles.config import Config, load, read_text
from thinkdial.profiles.yaml_file import MAX_FILE_BYTES
from thinkdial.providers.errors import ConfigError

from ..cases import each
from .conftest import Files

MISTAKES = [
    # text, line:column, what the message holds, what the hint holds
    ("profile: {}", "1:1", "unknown key profile (did you mean profiles?)", "allowed here: defaults, profiles"),
    ("profiles:\n  claude: {modle: x}", "2:12", "unknown key profiles.claude.modle (did you mean model?)", "provider"),
    (
        "profiles:\n  x: {provider: antropic, model: m}",
        "2:7",
        "'antropic' is not known (did you mean anthropic?)",
        "use",
    ),
    ("profiles:\n  x: {model: m}", "2:6", "profiles.x.provider: is missing", "providers are"),
    ("profiles:\n  x: {provider: openai}", "2:6", "profiles.x.model: is missing", "for instance"),
    ("profiles:\n  x:", "2:3", "profiles.x: is empty", None),
    ("profiles: [a]", "1:1", "profiles: must be a mapping", None),
    ("profiles:\n  claude: {think: hgih}", "2:12", "'hgih' is not a think value (did you mean high?)", "use auto, off"),
    ("profiles:\n  claude: {think: true}", "2:12", "must be text", None),
    ("profiles:\n  claude: {think: [low]}", "2:12", "must be text", None),
    ("profiles:\n  claude: {think: 99999999}", "2:12", "more than any model takes", "use auto"),
    ("profiles:\n  claude:\n    dialect: openai-chatt", "3:5", "(did you mean openai-chat?)", "anthropic-messages"),
    ("profiles:\n  claude: {stream: 1}", "2:12", "must be true or false", None),
    ("profiles:\n  claude: {stream: yes}", "2:12", "must be true or false", None),
    ("profiles:\n  claude: {retries: 21}", "2:12", "must be a whole number from 0 to 20", None),
    ("profiles:\n  claude: {retries: 1.5}", "2:12", "must be a whole number", None),
    ("profiles:\n  claude: {retries: true}", "2:12", "must be a whole number", None),
    ("profiles:\n  claude: {max_output_tokens: 0}", "2:12", "must be a whole number from 1", None),
    ("profiles:\n  claude: {max_output_tokens: 8k}", "2:12", "must be a whole number", None),
    ("profiles:\n  claude: {timeout: 0}", "2:12", "must be a number of seconds above 0", None),
    ("profiles:\n  claude: {timeout: soon}", "2:12", "must be a number of seconds", None),
    ("profiles:\n  claude: {params: [1]}", "2:12", "must be a mapping", None),
    ("profiles:\n  claude: {headers: [1]}", "2:12", "must be a mapping", None),
    ("profiles:\n  claude: {headers: {'a b': c}}", "2:12", "'a b' is not a header with a value", None),
    ("profiles:\n  claude: {headers: {x: }}", "2:12", "'x' is not a header with a value", None),
    ("profiles:\n  claude: {headers: {x: true}}", "2:22", "profiles.claude.headers.x: must be text", None),
    ('profiles:\n  claude: {headers: {x: "a\\r\\nb: c"}}', "2:12", "holds a character that a header cannot", None),
    ("profiles:\n  claude: {headers: {x: ü}}", "2:12", "holds a character that a header cannot", None),
    ("profiles:\n  claude: {base_url: host/v1}", "2:12", "is not a plain http(s) URL", "for instance https://"),
    ("profiles:\n  claude: {base_url: 'https://u:p@host'}", "2:12", "'https://…@host' is not a plain", "without user"),
    ("profiles:\n  claude: {base_url: 'https://host/?key=1'}", "2:12", "'https://host/?…' is not a plain", None),
    ("profiles:\n  claude: {api_key: sk-1}", "2:12", "(did you mean api_key_env?)", None),
    ("profiles:\n  claude: {api_key_env: {a: b}}", "2:12", "must be a list of texts", None),
    ("profiles:\n  claude: {price: {input: 1}}", "2:20", "a price needs input and output", None),
    ("profiles:\n  claude: {price: {input: -1, output: 1}}", "2:20", "must be an amount in USD", None),
    ("profiles:\n  claude: {price: {input: true, output: 1}}", "2:20", "must be an amount in USD", None),
    ("profiles:\n  claude: {price: {input: 1e99999, output: 1}}", "2:27", "is no number that can be sent", None),
    ("profiles:\n  claude: {price: {input: 1e-99999, output: 1}}", "2:20", "must be an amount in USD", None),
    ("profiles:\n  claude: {price: {input: 1, output: 1, outptu: 1}}", "2:41", "(did you mean output?)", None),
    ("profiles:\n  claude: {limits: {rpm: 0}}", "2:21", "must be a whole number from 1", None),
    ("profiles:\n  claude: {limits: {tmp: 1}}", "2:21", "(did you mean tpm?)", "concurrency, rpm, tpm"),
    ("profiles:\n  'a b': {provider: openai, model: m}", "2:3", "a name must not", None),
    ("profiles:\n  a@b: {provider: openai, model: m}", "2:3", "a name must not", None),
    ("profiles:\n  a/b: {provider: openai, model: m}", "2:3", "a name must not", None),
    ("profiles:\n  '': {provider: openai, model: m}", "2:3", "a name must not", None),
    ("groups:\n  all: [claude, gtp]", "2:3", "groups.all: 'gtp' is not a profile (did you mean gpt?)", None),
    (
        "groups:\n  all: [claude@hgih]",
        "2:3",
        "groups.all: 'hgih' is not a think value (did you mean high?)",
        "use auto",
    ),
    ("groups:\n  all: {a: b}", "2:3", "must be a list of texts", None),
    ("groups:\n  'a,b': [claude]", "2:3", "a name must not", None),
    ("defaults: {thnk: low}", "1:12", "(did you mean think?)", None),
    ("defaults: {history: maybe}", "1:12", "must be true or false", None),
    ("reference: {budgets: {lo: 1}}", "1:23", "(did you mean low?)", None),
    ("reference: {budgets: {max: 1}}", "1:23", "unknown key reference.budgets.max", None),
    ("reference: {budgets: {low: 9000}}", "1:13", "a higher level must not have a smaller budget", None),
    ("reference: {budgets: {low: 0}}", "1:23", "must be a whole number from 1", None),
    ("reference: {answer_tokens: -1}", "1:13", "must be a whole number from 1", None),
    ("providers:\n  x:", "2:3", "providers.x: is empty", None),
    ("providers:\n  a/b: {}", "2:3", "a name must not", None),
    ("providers:\n  x: {base_url: 'https://h'}", "2:6", "providers.x.dialects is missing", None),
    ("providers:\n  x: {dialects: {openai-chta: {}}}", "2:18", "(did you mean openai-chat?)", "use anthropic-messages"),
    ("providers:\n  x: {dialects: {}, unknown_model: {control: none}}", "2:7", "names no dialect", None),
    ("providers:\n  x: {dialects: {openai-chat: }}", "2:18", "is empty; write {}", None),
    ("providers:\n  x: {dialects: {openai-chat: {quirks: {pth: /x}}}}", "2:41", "(did you mean path?)", None),
    ("providers:\n  x: {dialects: {openai-chat: {}}}", "2:6", "unknown_model is missing", None),
    ("providers:\n  x: {dialects: {openai-chat: {}}, unknown_model: {}}", "2:51", "control: is missing", None),
    (
        "providers:\n  x: {dialects: {openai-chat: {}}, unknown_model: {control: knob}}",
        "2:52",
        "'knob' is not known",
        None,
    ),
    ("a: 1\na: 2", "2:1", "a is given twice", None),
    ("profiles:\n  x: {model: a, model: b}", "2:17", "profiles.x.model is given twice", None),
    ("profiles: &p\n  x: *q", "2:6", "not valid YAML", None),
    ("a: &x 1\nb: *x", "1:4", "aliases (*name) are not used here", None),
    ("a: &x {c: 1}\nb: *x", "1:4", "aliases (*name) are not used here", None),
    ("a: &x [*x]", "1:4", "aliases (*name) are not used here", None),
    ("<<: {a: 1}", "1:1", "a key must be plain text", None),
    ("? [a]\n: 1", "1:3", "a key must be plain text", None),
    ("profiles: !!python/object/apply:os.system [x]", "1:11", "tags (", None),
    ("profiles: !mine {a: 1}", "1:11", "tags (!mine) are not used here", None),
    ("profiles: {gpt: {params: {a: !!binary aGk=}}}", "1:30", "tags (", None),
    ("profiles: {gpt: {params: {a: .nan}}}", "1:30", "is no number that can be sent", None),
    ("profiles: {gpt: {params: {a: !!int x}}}", "1:30", "'x' is not a value", None),
    ("a: " + "9" * 5000, "1:4", "is not a value that this file can hold", None),
    ("a: {b: 1", "2:1", "not valid YAML", None),
    ("a: b: c", "1:5", "not valid YAML", None),
    ("a:\n\t- 1", "2:1", "not valid YAML", None),
    ("a: 1\nb: \x07", "2:4", "not valid YAML", None),
    ("a: 1\n---\nb: 2", "2:1", "not valid YAML", None),
    ("- a", "1:1", "must be a mapping of keys to values", None),
    ("just words", "1:1", "must be a mapping of keys to values", None),
    ("a: " + "[" * 300 + "]" * 300, "1:68", "nested deeper than 64 levels", None),
]


@each("text, place, message, hint", MISTAKES, ids=[repr(entry[0][:60]) for entry in MISTAKES])
def test_a_mistake_names_its_place(files: Files, text: str, place: str, message: str, hint: str | None) -> None:
    with pytest.raises(ConfigError) as raised:
        files.load(user=text)
    assert raised.value.message.startswith(f"{files.user}:{place}: "), raised.value.message
    assert message in raised.value.message
    assert "\n" not in raised.value.message
    if hint is not None:
        assert raised.value.hint and hint in raised.value.hint


@pytest.mark.parametrize("opener", ["[", "- ", "{a: ", "? "])
def test_nesting_without_end_is_refused_by_us_or_by_the_parser(files: Files, opener: str) -> None:
    with pytest.raises(ConfigError) as raised:
        files.load(user=opener * 60_000)
    assert raised.value.message.startswith(f"{files.user}:1:") and "\n" not in raised.value.message


def test_a_key_that_stands_where_a_variable_belongs_is_refused_and_not_repeated(
    written: Callable[[str], Config],
) -> None:
    house = "{api_key_env: [GOOD, sk-ant-secret], dialects: {openai-chat: {}}, unknown_model: {control: none}}"
    for text in ("profiles: {claude: {api_key_env: sk-ant-secret}}", f"providers: {{house: {house}}}"):
        with pytest.raises(ConfigError, match="is no name of an environment variable") as raised:
            written(text)
        assert "sk-ant-secret" not in raised.value.message + (raised.value.hint or "")


def test_files_that_cannot_be_read(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=rf"nowhere\.yaml: cannot be read: {os.strerror(errno.ENOENT)}"):
        load(files.option.parent / "nowhere.yaml", start=files.inside)
    with pytest.raises(ConfigError, match=f"cannot be read: {os.strerror(errno.EISDIR)}"):
        load(files.inside, start=files.inside)

    def refused(self: Path) -> bool:
        raise PermissionError(errno.EACCES, "in other words")

    monkeypatch.setattr(Path, "is_file", refused)
    with pytest.raises(ConfigError, match=re.escape(f"{files.user}: cannot be read: in other words")):
        load(start=files.inside)


def test_files_that_are_no_text(files: Files) -> None:
    files.option.write_bytes(b"profiles:\n  a: \xff\xfe")
    with pytest.raises(ConfigError, match=re.escape(f"{files.option}:2:6: is not UTF-8 text")):
        read_text(files.option)
    files.option.write_bytes(b"\x00\x01\x02")
    with pytest.raises(ConfigError, match="not valid YAML"):
        load(files.option, start=files.inside)
    files.option.write_bytes("\ufeffprofiles: {gpt: {think: low}}\r\n".encode())
    assert str(load(files.option, start=files.inside).profiles["gpt"].think) == "low"


def test_files_that_are_too_large(files: Files) -> None:
    files.option.write_text("#" * (MAX_FILE_BYTES + 1), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"larger than 1 MiB"):
        load(files.option, start=files.inside)
    with pytest.raises(ConfigError, match=r"/dev/zero: cannot be read: larger than 1 MiB"):
        load(Path("/dev/zero"), start=files.inside)
