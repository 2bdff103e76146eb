"""Templates: what they may do, and what they say when they cannot."""

from __future__ import annotations

import pytest

from thinkdial.engine.batch.rows.templates import template_of
from thinkdial.providers.errors import UsageError

from ...cases import each


@pytest.mark.parametrize("text", ["{{", "{% if %}", "{{ x }", "{% nonsense %}", "{{ x | no_such_filter }}"])
def test_what_is_no_template_is_refused_before_anything_is_sent(text: str) -> None:
    with pytest.raises(UsageError, match="--template: line 1"):
        template_of(text, {})


@each(
    "text",
    [
        "{{ x.__class__.__mro__ }}", "{{ ''.__class__ }}", "{{ x.append(1) }}", "{{ x.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__.os }}", "{{ self.__init__ }}", "{{ '{0.__class__}'.format(x) }}",
        "{% include '/etc/passwd' %}", "{% import 'os' as os %}", "{{ range(10**9) | list }}",
    ],
)  # fmt: skip
def test_nothing_leads_out_of_the_sandbox(text: str) -> None:
    fill = template_of(text, {})
    with pytest.raises(ValueError, match="the template"):
        fill({"x": [1]})


@pytest.mark.parametrize(
    "text", ["{{ 1 / 0 }}", "{{ x + 'a' }}", "{{ x | int + none }}", "{{ 'a' | round }}", "{{ x() }}"]
)
def test_errors_while_filling_are_words(text: str) -> None:
    with pytest.raises(ValueError, match="the template"):
        template_of(text, {})({"x": 5})


def test_a_rows_text_is_no_template() -> None:
    assert template_of("{{ x }}", {})({"x": "{{ 7 * 7 }} {% raw %}"}) == "{{ 7 * 7 }} {% raw %}"


def test_nothing_is_escaped_and_nothing_is_trimmed() -> None:
    assert template_of("{{ x }}\n", {})({"x": "<a> & 'b'\n"}) == "<a> & 'b'\n\n"


def test_fields_may_have_any_name() -> None:
    assert template_of("{{ ok }}", {})({"self": 1, "a b": 2, "ok": "yes", "": 3}) == "yes"


@pytest.mark.parametrize("text", ["{{ missing }}", "{{ x.missing }}", "{% for y in missing %}{% endfor %}"])
def test_undefined_names_are_errors(text: str) -> None:
    with pytest.raises(ValueError, match=r"the template: .+; the row has x$"):
        template_of(text, {})({"x": {}})
