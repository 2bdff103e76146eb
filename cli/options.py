"""The options that commands which make calls share, each with its one help text."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct

from .common_options import AsJson, ConfigFile, Force, Quiet, output_option

if TYPE_CHECKING:
    from ..engine.checks.gates import Gate
    from ..providers.schema import Json
    from .prompt import Beside


class Format(StrEnum):
    """How results are printed."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    MD = "md"
    HTML = "html"
    TEXT = "text"


class ReasoningView(StrEnum):
    """How much of the reasoning is shown."""

    FULL = "full"
    EXCERPT = "excerpt"
    NONE = "none"


PromptArgument = Annotated[
    str | None, typer.Argument(metavar="PROMPT", help="The prompt. Piped input is appended to it; - reads only that.")
]
Profiles = Annotated[
    list[str] | None,
    typer.Option(
        "--profile",
        "-p",
        metavar="NAME",
        help="Profile, group, or provider/model; repeatable. NAME@high sets the dial for that one.",
    ),
]
OneProfile = Annotated[
    list[str] | None,
    typer.Option("--profile", "-p", metavar="NAME", help="Profile, or provider/model. NAME@high sets the dial."),
]
ThinkSweep = Annotated[
    str | None,
    typer.Option(
        "--think",
        "-t",
        metavar="VALUE",
        help="off, minimal, low, medium, high, xhigh, max, a token budget (4000, 8k), auto, or a dose ('~2000'). "
        "A comma list sweeps.",
    ),
]
ThinkOne = Annotated[
    str | None,
    typer.Option(
        "--think",
        "-t",
        metavar="VALUE",
        help="off, minimal, low, medium, high, xhigh, max, a token budget (4000, 8k), auto, or a dose ('~2000').",
    ),
]
Spend = Annotated[
    str | None,
    typer.Option(
        "--spend",
        metavar="USD",
        help="Of each model the think value whose calls cost about this much, by what is measured; --think '~$USD'.",
    ),
]
Files = Annotated[
    list[Path] | None,
    typer.Option("--file", "-f", metavar="FILE", help="Append a text file to the prompt; repeatable."),
]
System = Annotated[str | None, typer.Option("--system", "-s", metavar="TEXT", help="System prompt.")]
MaxOutput = Annotated[
    int | None,
    typer.Option(
        "--max-output", metavar="TOKENS", min=1, help="Output limit in tokens; it usually covers thinking too."
    ),
]
Timeout = Annotated[
    float | None,
    typer.Option("--timeout", metavar="SECONDS", min=0.001, help="Give up after this long without an event."),
]
Retries = Annotated[
    int | None, typer.Option("--retries", metavar="N", min=0, max=20, help="Attempts after the first one.")
]
NoStream = Annotated[bool, typer.Option("--no-stream", help="Ask for one whole body instead of a stream.")]
StrictThink = Annotated[
    bool,
    typer.Option(
        "--strict-think",
        help="Send nothing (exit 5) if a model cannot take this very think value; exit 6 if then no thinking is seen.",
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be sent and what it may cost; send nothing.")]
Differences = Annotated[
    bool, typer.Option("--diff", help="Show the first answer beside each of the others, word by word.")
]
CountTokens = Annotated[
    bool,
    typer.Option(
        "--count",
        help="Ask the providers that count for free how many tokens the prompt has: sends it, but has it not answered.",
    ),
]
Repeat = Annotated[
    int,
    typer.Option(
        "--repeat", metavar="N", min=1, max=1000, help="Ask N times: medians and intervals; -p A -p A is twice as well."
    ),
]
Confirm = Annotated[
    bool, typer.Option("--confirm", help="Show what the calls may cost, and ask before any of them is made.")
]
MaxCost = Annotated[
    str | None,
    typer.Option("--max-cost", metavar="USD", help="Spend no more than this: refuse, shorten or cut calls (exit 4)."),
]
AllowUnpriced = Annotated[
    bool, typer.Option("--allow-unpriced", help="Under a budget, make calls too whose price is not known.")
]
NoHistory = Annotated[bool, typer.Option("--no-history", help="Do not keep this run in the history.")]
Outputs = Annotated[
    list[Path] | None,
    output_option("Write the results to a file, as its suffix says; repeatable."),
]
OutputFormat = Annotated[Format | None, typer.Option("--format", help="How to print the results.")]
ShowReasoning = Annotated[
    ReasoningView,
    typer.Option("--reasoning", help="How much reasoning to show. Hiding it does not switch it off and saves nothing."),
]
ShowAnswers = Annotated[
    ReasoningView,
    typer.Option("--answers", help="How much of each answer the table shows. Files and other formats have all of it."),
]
Emulate = Annotated[
    bool, typer.Option("--emulate", help="Where a model cannot reason, ask for reasoning by prompt; labelled emulated.")
]
Notify = Annotated[
    bool, typer.Option("--notify", help="Ring the bell and show a desktop notice, if it took 10 seconds or longer.")
]
SchemaOption = Annotated[
    str | None, typer.Option("--schema", metavar="SCHEMA", help="JSON to a schema: a file, JSON, 'name, tags [str]'.")
]
JsonMode = Annotated[bool, typer.Option("--json-mode", help="Answers as JSON of any kind.")]
ServerTools = Annotated[
    list[str] | None,
    typer.Option(
        "--server-tool",
        metavar="NAME",
        help="The provider's own search, fetch, code, x-search or maps; repeatable.",
    ),
]
ToolFiles = Annotated[
    list[str] | None,
    typer.Option(
        "--tool", metavar="FILE", help="Functions that the model may call (any vendor's JSON or YAML); repeatable."
    ),
]
ToolChoiceOption = Annotated[
    str | None,
    typer.Option("--tool-choice", metavar="CHOICE", help="auto, none, required, or the tool that has to be called."),
]
RunTools = Annotated[
    str | None,
    typer.Option(
        "--run-tools", metavar="allow:NAME,...", help="Run these tools of your own configuration when models call them."
    ),
]
MaxRounds = Annotated[
    int | None,
    typer.Option("--max-rounds", metavar="N", min=1, max=100, help="With --run-tools: most calls for one answer; 8."),
]
ThinkThenShape = Annotated[
    bool, typer.Option("--think-then-shape", help="Reason freely; a second, cheap call shapes the answer.")
]
ShapeWith = Annotated[
    str | None,
    typer.Option("--shape-with", metavar="PROFILE", help="Who makes that second call."),
]
ToolOutputs = Annotated[
    list[str] | None,
    typer.Option(
        "--tool-output",
        metavar="ID=FILE|TEXT",
        help="In a session: what a called tool gave, by id or name; repeatable.",
    ),
]
LimiterUrl = Annotated[
    str | None,
    typer.Option("--limiter", metavar="URL", help="Share rates and money with other runs through this limiter."),
]
JobName = Annotated[
    str | None,
    typer.Option("--job", metavar="NAME", help="With a limiter: --max-cost is for all runs of this name together."),
]


Attach = Annotated[
    list[str] | None,
    typer.Option(
        "--attach",
        "-a",
        metavar="FILE|URL|-",
        help="Send an image, PDF, document, recording or text along; KIND:FILE says what it is. Repeatable.",
    ),
]
RemoteUrls = Annotated[
    bool, typer.Option("--remote-urls", help="Send attached addresses as they are, for the provider to fetch.")
]
Convert = Annotated[
    bool, typer.Option("--convert", help="Where a model does not take a file: a PDF's text, an image of another type.")
]
AsIs = Annotated[bool, typer.Option("--as-is", help="Send large images as they are, not with 2,000 pixels a side.")]
Upload = Annotated[
    bool, typer.Option("--upload", help="Upload files where the provider has an endpoint, and send a reference.")
]
Detail = Annotated[str, typer.Option("--detail", metavar="low|high|auto", help="How closely images are looked at.")]


class PrintOptions(Struct, frozen=True):
    """How results are printed, and where to."""

    reasoning: ShowReasoning = ReasoningView.EXCERPT
    output_format: OutputFormat = None
    json: AsJson = False
    output: Outputs = None
    force: Force = False

    @property
    def says_form(self) -> bool:
        """Whether the format was asked for, whatever the names of files say."""
        return self.json or self.output_format is not None


PRINTED = PrintOptions()
PRINTED_IN_FULL = PrintOptions(reasoning=ReasoningView.FULL)


class SendOptions(Struct, frozen=True):
    """What is sent with each call, how, and what it may cost."""

    file: Files = None
    system: System = None
    max_output: MaxOutput = None
    timeout: Timeout = None
    retries: Retries = None
    no_stream: NoStream = False
    strict_think: StrictThink = False
    emulate: Emulate = False
    max_cost: MaxCost = None
    allow_unpriced: AllowUnpriced = False
    attach: Attach = None
    remote_urls: RemoteUrls = False
    convert: Convert = False
    as_is: AsIs = False
    detail: Detail = "high"
    upload: Upload = False
    schema: SchemaOption = None
    json_mode: JsonMode = False
    server_tool: ServerTools = None
    tool: ToolFiles = None
    tool_choice: ToolChoiceOption = None
    run_tools: RunTools = None
    max_rounds: MaxRounds = None
    think_then_shape: ThinkThenShape = False
    shape_with: ShapeWith = None

    @property
    def beside(self) -> Beside:
        """What goes along beside the text."""
        from .prompt import Beside

        return Beside(self.attach or [], self.remote_urls, self.convert, self.as_is, self.detail, self.upload)


SENT = SendOptions()


Expect = Annotated[
    list[str] | None,
    typer.Option(
        "--expect",
        metavar="KIND=VALUE",
        help="Check answers: exact, contains, regex, schema[=FILE], number, command, agree, judge; repeatable.",
    ),
]
FailOn = Annotated[
    list[str] | None,
    typer.Option(
        "--fail-on",
        metavar="EXPR",
        help="End with exit code 6 where this is true or not known: verdict=not_observed,pass<0.9,cost>0.05.",
    ),
]


Escalate = Annotated[
    str | None,
    typer.Option(
        "--escalate", metavar="LEVELS", help="Think more only where --expect fails: low,high asks low, then high."
    ),
]


class CheckOptions(Struct, frozen=True):
    """What answers are held against, and what ends the command with the exit code of a gate."""

    expect: Expect = None
    fail_on: FailOn = None

    def expectation(self) -> Json | None:
        """What is expected of answers. Raises `UsageError`."""
        if not self.expect:
            return None
        from ..engine.checks.options import expectation_in

        return expectation_in(self.expect)

    def gate(self) -> Gate | None:
        """What must not be true of results. Raises `UsageError`."""
        if not self.fail_on:
            return None
        from ..engine.checks.gates import Gate

        return Gate.parse(*self.fail_on)


UNCHECKED = CheckOptions()


class KeepOptions(Struct, frozen=True):
    """Which configuration holds, and what is kept and said of a run. `LightCommand` sees to `notify`."""

    config: ConfigFile = None
    no_history: NoHistory = False
    quiet: Quiet = False
    notify: Notify = False
    limiter: LimiterUrl = None
    job: JobName = None

    @property
    def shared(self) -> tuple[str | None, str | None]:
        """The limiter that was named, and the job."""
        return self.limiter, self.job


KEPT = KeepOptions()
