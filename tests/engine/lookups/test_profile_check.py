"""Whether a profile is ready, from its configuration and its provider's answer."""

from __future__ import annotations

import pytest

from thinkdial.engine.lookups.documents import check_document
from thinkdial.engine.lookups.probe import Online
from thinkdial.engine.lookups.profile_check import CheckedProfile, check_profiles
from thinkdial.engine.targets.readiness import Candidate
from thinkdial.profiles.profile import Profile

from ..conftest import builtin

PROFILE = Profile(name="p", provider="openai", model="m")
FINE = Candidate(PROFILE)
BROKEN = Candidate(PROFILE, problem="no key", hint="set one")


@pytest.mark.parametrize(
    ("candidate", "answer", "state", "problem"),
    [
        (FINE, None, "ready", None),
        (BROKEN, None, "not ready", "no key"),
        (FINE, Online("host", True, "accepted", True), "ready", None),
        (FINE, Online("host", True, "unproven"), "unproven", None),
        (FINE, Online("host", True, "refused", problem="refused"), "not ready", "refused"),
    ],
)
def test_the_state_of_a_profile(candidate: Candidate, answer: Online | None, state: str, problem: str | None) -> None:
    checked = CheckedProfile(candidate, answer)
    assert (checked.state, checked.problem, checked.is_ready) == (state, problem, problem is None)


def test_each_profile_is_checked_once_and_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    checked = check_profiles(["gpt@high", "gpt@low", "claude"], builtin())
    assert [(one.profile.name, one.state) for one in checked] == [("gpt", "ready"), ("claude", "not ready")]
    document = check_document(checked, online=False)
    assert [row["key"] for row in document["profiles"]] == ["OPENAI_API_KEY", None]
    assert "online" not in document["profiles"][0]
