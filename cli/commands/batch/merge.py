"""`thinkdial batch merge`: the shards of a cluster as one file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ...exit_codes import ExitCode
from ...options import Output
from .options import BatchForm, Ordered


def merge(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="What -o named with --engine ray.")],
    output: Output = None,
    ordered: Ordered = False,
    output_format: BatchForm = None,
    replace: Annotated[bool, typer.Option("--replace", help="Write over FILE if it exists.")] = False,
) -> ExitCode:
    """Write one line for each row x profile x think value, to -o FILE or to standard output.

    Of several lines for one an answer goes before a failure, else the latest counts. The shards stay as they are.

    Example:  thinkdial batch merge results -o all.jsonl --ordered
    """
    from ....engine.batch.output.merge import merge as merge_shards
    from ....engine.batch.output.target import HEAD, document_encoder, form_for
    from ....providers.errors import UsageError
    from ...output import check_writable, forget, say

    form = form_for(output_format, output)
    if form is None:
        raise UsageError(f"--format {output_format}: shards are merged into jsonl or csv")
    if output is not None:
        check_writable(output)
        if output.exists() and not replace:
            raise UsageError(f"{output} exists already", hint="choose another name, or pass --replace")
    # A line of JSON goes into a file as it stands in its shard.
    encode = None if form == "jsonl" and output is not None else document_encoder(form, for_screens=output is None)
    try:
        made = merge_shards(directory, output or sys.stdout.buffer, ordered=ordered, encode=encode, head=HEAD[form])
    except BrokenPipeError:
        forget(sys.stdout)
        return ExitCode.BROKEN_PIPE
    for path in made.torn:
        say(f"{path}: a last line that was cut off is left out; the same batch runs its row again")
    left_out = f"; {made.left_out:,} older lines left out" if made.left_out else ""
    where = f" in {output}" if output is not None else ""
    say(f"{made.results:,} results of {made.shards:,} shards{where}{left_out}")
    if made.missing is not None and made.missing.missing:
        say(f"{made.missing.words}: run the batch again, with the same -o {directory}")
        return ExitCode.SOME_FAILED
    return ExitCode.OK
