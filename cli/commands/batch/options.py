"""The options that several commands of batches share."""

from __future__ import annotations

from typing import Annotated

import typer

from ...common_options import output_option

BatchName = Annotated[
    str | None,
    typer.Argument(metavar="ID", help="A batch, or the beginning of its id; without one the batch that is open."),
]
BatchForm = Annotated[str | None, typer.Option("--format", metavar="FORM", help="jsonl (the default) or csv.")]
Ordered = Annotated[bool, typer.Option("--ordered", help="Give the results in the order of the rows.")]
Poll = Annotated[
    float | None,
    typer.Option("--poll", metavar="SECONDS", min=0.01, help="Look so often at providers' batches; else ever rarer."),
]
BatchTarget = Annotated[
    str | None,
    output_option("Write the results to a file, or in parts to s3://... or a .parquet."),
]
ShardName = Annotated[
    str | None,
    typer.Option("--shard", metavar="N/OF", help="Run only the rows of shard 3/16; auto: ask the scheduler."),
]
AllowFiles = Annotated[
    bool, typer.Option("--allow-files", help="Let rows name files that lie outside of the rows' own folder.")
]

ProfileCallsAtOnce = Annotated[
    int | None,
    typer.Option("--concurrency", metavar="N", min=1, max=4096, help="Calls at once for each profile, at most."),
]
InputForm = Annotated[
    str | None, typer.Option("--input-format", metavar="FORM", help="jsonl, csv, tsv or lines; else guessed.")
]
TemplateText = Annotated[
    str | None,
    typer.Option("--template", metavar="TEXT", help="The prompt from a row's fields: 'Translate {{text}}' (Jinja2)."),
]
Variables = Annotated[
    list[str] | None,
    typer.Option("--var", "-v", metavar="NAME=VALUE", help="A field for the template beside the row's; repeatable."),
]
