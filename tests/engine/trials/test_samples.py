"""Lines of outputs as samples, whatever stands in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from thinkdial.engine.batch.options import BatchOptions
from thinkdial.engine.trials.earlier import report_of_outputs
from thinkdial.engine.trials.options import TrialOptions
from thinkdial.engine.trials.report import TrialEnd
from thinkdial.engine.trials.samples import lines_of, sample_in
from thinkdial.providers.errors import ConfigError, UsageError

from ...cases import each


def line(row: int, profile: str = "a", *, passed: Any = True, usd: Any = "0.001", **more: Any) -> dict[str, Any]:
    return {
        "schema": "thinkdial.result/1", "work": f"{profile}{row}", "row_id": str(row), "profile": profile, "model": "m",
        "status": "ok", "think": {"requested": "low", "verdict": "as_asked"}, "passed": passed, "finish": "stop",
        "usage": {"output_tokens": 5, "reasoning_tokens": 3}, "cost": {"usd": usd}, "latency": {"total_s": 1.0}, **more,
    }  # fmt: skip


def written(path: Path, *documents: dict[str, Any], torn: str = "") -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in documents) + torn, encoding="utf-8")
    return path


def report(*paths: Path, target: float | None = None):
    return report_of_outputs(TrialOptions(BatchOptions((), None), target=target, samples_from=paths))


@each(
    "odd",
    [
        {"cost": None}, {"cost": {"usd": "NaN"}}, {"cost": {"usd": []}}, {"usage": 5}, {"latency": {"total_s": "x"}},
        {"usage": {"reasoning_tokens": -1}}, {"warnings": {"a": 1}}, {"think": []}, {"cost": {"usd": -1}},
    ],
)  # fmt: skip
def test_odd_values_are_unknown(odd: dict[str, Any]) -> None:
    sample = sample_in({**line(1), **odd})
    assert sample.passed is True and (sample.usd is None or sample.usd == 0.001)


def test_what_says_nothing_of_the_arm() -> None:
    lowered = [{"code": "output_limit_lowered", "message": "..."}]
    assert sample_in(line(1, passed=False, finish="length", warnings=lowered)).passed is None
    assert sample_in(line(1, passed=False, finish="length")).passed is False
    assert sample_in(line(1, passed=True, status="error")).passed is None
    assert sample_in(line(1, passed="yes")).passed is None


def test_a_line_that_a_crash_has_cut_is_left_aside(tmp_path: Path) -> None:
    path = written(tmp_path / "out.jsonl", line(1), line(2), torn='{"schema": "thinkdial.re')
    assert [one["row_id"] for one in lines_of(path)] == ["1", "2"]
    with pytest.raises(ConfigError, match=r"out\.jsonl:2: is not a line of a batch.s output"):
        list(lines_of(written(path, line(1), {"a": 1}, line(2))))
    with pytest.raises(UsageError, match="cannot be read"):
        list(lines_of(tmp_path / "none.jsonl"))


def test_outputs_by_themselves(tmp_path: Path) -> None:
    first = written(tmp_path / "a.jsonl", *(line(n) for n in range(80)))
    second = written(tmp_path / "b.jsonl", *(line(n, "b", usd="0.01", passed=n % 2 == 0) for n in range(80)))
    found = report(first, second, target=0.9)
    assert (found.chosen, found.end, found.rules.rows, found.calls) == ("a@low", TrialEnd.NO_CALLS, 80, 160)


def test_repeats_count_once(tmp_path: Path) -> None:
    lines = [line(n, repeat=repeat, work=f"{n}-{repeat}") for n in range(10) for repeat in (1, 2, 3)]
    assert report(written(tmp_path / "a.jsonl", *lines)).calls == 10


def test_nothing_to_go_by(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there are no results in it"):
        report(written(tmp_path / "a.jsonl"))
    with pytest.raises(UsageError, match="none of the results was judged"):
        report(written(tmp_path / "a.jsonl", line(1, passed=None)))
