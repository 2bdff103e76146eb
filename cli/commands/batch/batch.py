"""`thinkdial batch`: rows x profiles x think values, for pipelines and for jobs that run all night."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...framework.default_group import DefaultGroup
from ...framework.light import LightCommand
from ...options import (
    AllowUnpriced,
    AsJson,
    ConfigFile,
    Emulate,
    MaxCost,
    MaxOutput,
    NoHistory,
    NoStream,
    Output,
    Profiles,
    Quiet,
    Retries,
    System,
    ThinkSweep,
    Timeout,
)

app = typer.Typer(
    cls=DefaultGroup,
    help="Run rows x profiles x think values, and look after providers' batches.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Input = Annotated[str, typer.Argument(metavar="FILE", help="Rows: JSONL, CSV or plain lines; - reads standard input.")]
TemplateText = Annotated[
    str | None,
    typer.Option("--template", metavar="TEXT", help="The prompt from a row's fields: 'Translate {{text}}' (Jinja2)."),
]
Variables = Annotated[
    list[str] | None,
    typer.Option("--var", "-v", metavar="NAME=VALUE", help="A field for the template beside the row's; repeatable."),
]

OneBatch = Annotated[
    str | None,
    typer.Argument(metavar="ID", help="A batch, or the beginning of its id; without one the batch that is open."),
]
Poll = Annotated[
    float | None,
    typer.Option("--poll", metavar="SECONDS", min=0.01, help="Look so often at providers' batches; else ever rarer."),
]


@app.command("run", cls=LightCommand, short_help="Run the rows of a file or of standard input (the default).")
def run(
    rows: Input,
    profile: Profiles = None,
    think: ThinkSweep = None,
    output: Output = None,
    template: TemplateText = None,
    var: Variables = None,
    system: System = None,
    max_output: MaxOutput = None,
    max_cost: MaxCost = None,
    allow_unpriced: AllowUnpriced = False,
    concurrency: Annotated[
        int | None,
        typer.Option("--concurrency", metavar="N", min=1, max=4096, help="Calls at once for each profile, at most."),
    ] = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Run those rows again too whose results in -o FILE have failed.")
    ] = False,
    ordered: Annotated[bool, typer.Option("--ordered", help="Give the results in the order of the rows.")] = False,
    window: Annotated[
        int, typer.Option("--window", metavar="N", min=1, help="With --ordered on a pipe: results that may wait.")
    ] = 10_000,
    input_format: Annotated[
        str | None, typer.Option("--input-format", metavar="FORM", help="jsonl, csv, tsv or lines; else guessed.")
    ] = None,
    output_format: Annotated[
        str | None, typer.Option("--format", metavar="FORM", help="jsonl (the default) or csv.")
    ] = None,
    summary: Annotated[
        list[Path] | None,
        typer.Option("--summary", metavar="FILE", help="Write the end summary to a .json, .html or .md; repeatable."),
    ] = None,
    timeout: Timeout = None,
    retries: Retries = None,
    no_stream: NoStream = False,
    emulate: Emulate = False,
    via: Annotated[
        str | None,
        typer.Option("--via", metavar="provider", help="provider: hand the rows to the providers' own batch APIs."),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="With --via: wait for the results, then write them.")] = False,
    poll: Poll = None,
    engine: Annotated[
        str | None, typer.Option("--engine", metavar="ray", help="ray: spread the rows over a Ray cluster.")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers", metavar="N", min=1, help="With --engine ray: worker processes; else one for each CPU."
        ),
    ] = None,
    shard_rows: Annotated[
        int,
        typer.Option("--shard-rows", metavar="N", min=1, help="With --engine ray: rows whose results share a file."),
    ] = 1000,
    config: ConfigFile = None,
    no_history: NoHistory = False,
    quiet: Quiet = False,
) -> None:
    """Send every row to every profile with every think value; one result a line, as results come.

    A row is a prompt, a chat (`messages`), or fields for --template; it may have id, system, think, profile,
    max_output and expect. With -o FILE the same command goes on where an earlier run has stopped.

    Example:  cat rows.jsonl | thinkdial batch - -p claude -p gpt --think low -o results.jsonl
    """
    from .run import BatchWishes, run_batch

    run_batch(
        BatchWishes(
            source=rows,
            profiles=tuple(profile or ()),
            think=think,
            output=output,
            template=template,
            constants=tuple(var or ()),
            system=system,
            max_output_tokens=max_output,
            max_cost_usd=max_cost,
            allow_unpriced=allow_unpriced,
            concurrency=concurrency,
            retry_failed=retry_failed,
            ordered=ordered,
            window=window,
            input_format=input_format,
            output_format=output_format,
            summaries=tuple(summary or ()),
            timeout_s=timeout,
            retries=retries,
            no_stream=no_stream,
            emulate=emulate,
            via=via,
            engine=engine,
            workers=workers,
            shard_rows=shard_rows,
            config=config,
            keeps_history=not no_history,
            quiet=quiet,
            wait=wait,
            poll_s=poll,
        )
    )


@app.command("list", cls=LightCommand, short_help="List the batches at providers that were submitted from here.")
def list_(
    limit: Annotated[int, typer.Option("--limit", "-n", metavar="N", min=1, help="At most so many.")] = 20,
    json: AsJson = False,
) -> None:
    """List what was submitted with --via provider from this machine, newest first, as it was when last looked at.

    Example:  thinkdial batch list
    """
    from .via import list_via

    list_via(as_json=json, limit=limit)


@app.command("status", cls=LightCommand, short_help="Ask the providers how a batch is getting on.")
def status(batch: OneBatch = None, config: ConfigFile = None, json: AsJson = False, quiet: Quiet = False) -> None:
    """Ask the providers how the batches of one submission are getting on.

    Example:  thinkdial batch status 3f2a91
    """
    from .via import status_via

    status_via(batch, as_json=json, config=config, quiet=quiet)


@app.command("wait", cls=LightCommand, short_help="Wait until a batch has ended; goes on after a crash.")
def wait_for(
    batch: OneBatch = None,
    poll: Poll = None,
    most: Annotated[
        float | None,
        typer.Option("--timeout", metavar="SECONDS", min=0, help="Give up waiting after so long (exit 1)."),
    ] = None,
    config: ConfigFile = None,
    quiet: Quiet = False,
) -> None:
    """Wait until all batches of one submission have ended; submit before that what a crash left unsubmitted.

    Ctrl-C stops the waiting and not the batches.

    Example:  thinkdial batch wait && thinkdial batch collect
    """
    from .via import wait_via

    wait_via(batch, poll_s=poll, most_s=most, config=config, quiet=quiet)


@app.command("collect", cls=LightCommand, short_help="Write the results of a batch to its output file.")
def collect(
    batch: OneBatch = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write all results to FILE, not to what submitting named."),
    ] = None,
    config: ConfigFile = None,
    quiet: Quiet = False,
) -> None:
    """Write the results of all batches of one submission that have ended, to the file that was named then.

    What is there already is not written again. Rows that expired, were cancelled or got lost are accounted one by one.

    Example:  thinkdial batch collect 3f2a91
    """
    from .via import collect_via

    collect_via(batch, output=output, config=config, quiet=quiet)


@app.command("cancel", cls=LightCommand, short_help="Cancel a batch; what is done by then is kept.")
def cancel(batch: OneBatch = None, config: ConfigFile = None, quiet: Quiet = False) -> None:
    """Cancel all batches of one submission. What is done by then is paid for, and can be collected.

    Example:  thinkdial batch cancel 3f2a91
    """
    from .via import cancel_via

    cancel_via(batch, config=config, quiet=quiet)


@app.command("merge", cls=LightCommand, short_help="Join the shards of --engine ray into one file.")
def merge(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="What -o named with --engine ray.")],
    output: Output = None,
    ordered: Annotated[bool, typer.Option("--ordered", help="Give the results in the order of the rows.")] = False,
    output_format: Annotated[
        str | None, typer.Option("--format", metavar="FORM", help="jsonl (the default) or csv.")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Write over FILE if it exists.")] = False,
) -> None:
    """Write one line for each row x profile x think value, to -o FILE or to standard output.

    Of several lines for one an answer goes before a failure, else the latest counts. The shards stay as they are.

    Example:  thinkdial batch merge results -o all.jsonl --ordered
    """
    from .ray import run_merge

    run_merge(directory, output, ordered=ordered, form=output_format, replace=replace)
