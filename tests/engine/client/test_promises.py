"""What the library never does: show a key, trust a stranger's file, print, forget what was paid for."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import sys
import traceback
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

import thinkdial
from thinkdial.engine.api import ready_run
from thinkdial.engine.history.read import stored_run
from thinkdial.engine.history.search.run_rows import RunRow
from thinkdial.engine.history.store import Store, database_path
from thinkdial.engine.history.sums.spend import spent
from thinkdial.engine.planning.prepare import Prompt
from thinkdial.engine.results.documents import run_document
from thinkdial.engine.runs.jobs import Options
from thinkdial.engine.targets.target import select
from thinkdial.profiles.config import TRUST_FILE, user_directory, user_file
from thinkdial.profiles.trust import trust
from thinkdial.providers.schema import Notice

from .conftest import Till, WriteConfig

Stored = Callable[[], list[RunRow]]


class TestKeys:
    def test_the_first_that_is_set_is_used_and_a_command_goes_before_it(
        self, ten_cents: WriteConfig, till: Till, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        config = ten_cents()

        def sent(setting: str) -> str:
            text = ten_cents().read_text("utf-8").replace("api_key_env: SIM_KEY", setting)
            config.write_text(text, encoding="utf-8")
            thinkdial.ask("hi", "p0", config=config)
            return till.headers[-1].get("authorization", "none")

        monkeypatch.setenv("SECOND_KEY", "key-of-the-second")
        assert sent("api_key_env: [NO_SUCH_KEY, SECOND_KEY, SIM_KEY]") == "Bearer key-of-the-second"
        command = json.dumps([sys.executable, "-c", "print('key-of-the-command')"])
        assert sent(f"api_key_command: {command}, api_key_env: SIM_KEY") == "Bearer key-of-the-command"
        monkeypatch.delenv("SECOND_KEY")
        assert sent("timeout: 9") == "none"

    def test_it_is_in_nothing_that_a_program_gets_to_see(
        self, ten_cents: WriteConfig, till: Till, sim: Path, key: str, stored: Stored
    ) -> None:
        till.status = 401  # the answer repeats the key
        config = ten_cents()
        refused = thinkdial.compare("hi", "p0", config=config)
        assert till.headers[-1]["authorization"] == f"Bearer {key}"
        assert refused.results[0].error is not None and "[key]" in refused.results[0].error.message
        client = thinkdial.Client(config)
        seen = [
            refused, thinkdial.compare("hi", "both", config=sim), thinkdial.plan("hi", "p0", config=config),
            client, vars(client), thinkdial.load_config(config), run_document(refused),
        ]  # fmt: skip
        with Store.open() as store:
            seen += [stored_run(store, row.number) for row in stored()]
        assert len(seen) == 9
        assert not any(key in f"{one!r} {one}" for one in seen)
        assert not any(key.encode() in file.read_bytes() for file in database_path().parent.iterdir())

    @pytest.mark.parametrize("short", ["k", "e", "none"])
    def test_a_key_of_a_few_letters_leaves_the_answer_whole(
        self, sim: Path, short: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        usual = thinkdial.compare("hi", ["a", "o", "g"], config=sim).results
        monkeypatch.setenv("SIM_KEY", short)
        for one, before in zip(thinkdial.compare("hi", ["a", "o", "g"], config=sim).results, usual, strict=True):
            assert one.status == "ok" and one.answer == before.answer != ""

    def test_nor_in_an_error(self, ten_cents: WriteConfig, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SIM_KEY", f"{key}\nwith a second line")
        with pytest.raises(thinkdial.ConfigError) as caught:
            thinkdial.ask("hi", "p0", config=ten_cents())
        assert "the key from SIM_KEY holds characters that a header cannot carry" in caught.value.message
        assert key not in "".join(traceback.format_exception(caught.value)) + repr(caught.value)

    def test_it_is_not_sent_in_the_clear_to_another_machine(self, ten_cents: WriteConfig) -> None:
        config = ten_cents()
        config.write_text(config.read_text("utf-8").replace("127.0.0.1", "h.example"), encoding="utf-8")
        with pytest.raises(thinkdial.ConfigError, match="without encryption"):
            thinkdial.ask("hi", "p0", config=config)


class TestTrust:
    @pytest.fixture
    def stranger(self, till: Till, simulator: object, sim: Path, empty_directory: Path) -> Path:
        """A project's file that sends the user's profile, and with it the key, to another address."""
        user_file().parent.mkdir(parents=True)
        user_file().write_text(sim.read_text(encoding="utf-8"), encoding="utf-8")
        path = empty_directory / ".thinkdial.yaml"
        path.write_text(f"profiles:\n  o: {{base_url: '{till.url}'}}\n", encoding="utf-8")
        return path

    def test_a_file_that_nobody_vouched_for_does_not_redirect_a_key(self, stranger: Path, till: Till) -> None:
        for call in (lambda: thinkdial.ask("hi", "o"), lambda: thinkdial.compare("hi", ["o"], think=["off", "low"])):
            with pytest.raises(thinkdial.ConfigError) as caught:
                call()
            assert "profiles.o.base_url in a project file is used only after you have vouched" in caught.value.message
            assert "thinkdial profiles trust" in (caught.value.hint or "")
        good, blocked = thinkdial.compare("hi", ["a", "o"]).results
        assert good.status == "ok" and blocked.error is not None and blocked.error.kind == "config"
        assert till.connections == 0

    def test_one_that_the_user_read_does(self, stranger: Path, till: Till, key: str) -> None:
        trust(user_directory() / TRUST_FILE, stranger, stranger.read_text(encoding="utf-8"))
        till.status = 401
        thinkdial.ask("hi", "o")
        assert till.headers[-1]["authorization"] == f"Bearer {key}"

    def test_what_it_may_not_loosen_is_said(self, stranger: Path) -> None:
        text = user_file().read_text(encoding="utf-8")
        user_file().write_text(f"{text}budget: {{daily_usd: 1}}\n", encoding="utf-8")
        stranger.write_text("budget: {daily_usd: 100}\n", encoding="utf-8")
        heard: list[str] = []
        thinkdial.ask("hi", "a", note=heard.append)
        assert len(heard) == 1 and "daily_usd" in heard[0]
        assert thinkdial.load_config().budget.daily_usd == Decimal(1)


class TestHistory:
    def test_each_run_is_kept(self, sim: Path, stored: Stored) -> None:
        run = thinkdial.compare("Is 91 prime?", "both", config=sim, system="Be brief.")
        thinkdial.ask("hi", "a", config=sim)
        assert [(row.command, row.prompt) for row in stored()] == [("ask", "hi"), ("compare", "Is 91 prime?")]
        with Store.open() as store:
            assert stored_run(store, stored()[1].number).run == run

    @pytest.mark.parametrize("history", [None, True])
    def test_unless_the_configuration_says_otherwise(self, sim: Path, stored: Stored, history: bool | None) -> None:
        sim.write_text(f"{sim.read_text(encoding='utf-8')}history: {{enabled: false}}\n", encoding="utf-8")
        thinkdial.ask("hi", "a", config=sim, history=history)
        assert not database_path().exists()

    def test_or_the_caller_does(self, sim: Path) -> None:
        thinkdial.ask("hi", "a", config=sim, history=False)
        assert not database_path().exists()

    def test_a_budget_by_day_still_keeps_the_sums(self, sim: Path, stored: Stored) -> None:
        sim.write_text(f"{sim.read_text(encoding='utf-8')}budget: {{daily_usd: 1}}\n", encoding="utf-8")
        result = thinkdial.ask("a prompt to forget", "a", config=sim, history=False)
        assert stored() == []
        with Store.open() as store:
            assert spent(store, "profile")[1].usd == result.cost.usd
        assert not any(b"to forget" in file.read_bytes() for file in database_path().parent.iterdir())

    def test_one_that_cannot_be_written_does_not_cost_the_answer(self, sim: Path, tmp_path: Path) -> None:
        database_path().parent.parent.mkdir(parents=True, exist_ok=True)
        database_path().parent.write_text("in the way", encoding="utf-8")
        heard: list[str] = []
        assert thinkdial.ask("hi", "a", config=sim, note=heard.append).status == "ok"
        assert any(words.startswith("this run is not in the history: ") for words in heard)

    def test_what_is_simulated_is_never_counted(self, ten_cents: WriteConfig, till: Till, stored: Stored) -> None:
        config = thinkdial.load_config(ten_cents(1, "budget: {daily_usd: 0.15}\n"))
        for _ in range(3):
            ready = ready_run(
                select(["p0"], config), Prompt("hi"), config, Options(), command="demo",
                simulated=Notice("simulated", "not by a provider"),
            )  # fmt: skip
            assert ready.run(thinkdial.Silent()).run.results[0].cost.usd == Decimal("0.1")
        assert len(stored()) == 3 and all(row.simulated for row in stored())
        assert thinkdial.ask("hi", "p0", config=config).status == "ok"


class TestManners:
    def test_nothing_is_printed_or_logged(
        self, sim: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.WARNING)
        sim.write_text(f"{sim.read_text(encoding='utf-8')}budget: {{daily_usd: 0.000001, on_exceed: warn}}\n", "utf-8")
        thinkdial.compare("hi", ["a", "o", "busy"], think=["off", "high"], config=sim, retries=0)
        thinkdial.plan("hi", "both", config=sim)
        with pytest.raises(thinkdial.UsageError):
            thinkdial.ask("hi", "nobody", config=sim)
        assert capfd.readouterr() == ("", "")
        assert caplog.records == []

    def test_no_signal_is_handled_otherwise_than_before(self, sim: Path) -> None:
        def handlers() -> list[object]:
            return [signal.getsignal(number) for number in signal.valid_signals()]

        before = handlers()
        during: list[list[object]] = []

        class Watch(thinkdial.Silent):
            def started(self, index: int, attempt: int) -> None:
                during.append(handlers())

        async def go() -> None:
            async with thinkdial.Client(sim) as client:
                inside = handlers()
                await client.ask("hi", "a", observer=Watch())
                assert during == [inside]

        thinkdial.ask("hi", "a", config=sim)
        assert handlers() == before
        asyncio.run(go())
        assert handlers() == before

    def test_the_working_directory_and_the_arguments_are_left_alone(
        self, sim: Path, empty_directory: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "argv", ["program", "--json", "--max-cost", "0"])
        assert thinkdial.ask("hi", "a", config=sim).status == "ok"
        assert list(empty_directory.iterdir()) == []
