"""`thinkdial batch merge`: the outputs of shards as one, held against what was asked."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...common_options import Force, Quiet
from ...exit_codes import ExitCode
from .options import BatchForm, BatchTarget, InputForm, Ordered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ....engine.batch.shards.join import Gap, ShardJoin


def merge(
    parts: Annotated[
        list[str],
        typer.Argument(metavar="PART...", help="Outputs of shards: files, folders, patterns, s3://bucket/prefix."),
    ],
    output: BatchTarget = None,
    ordered: Ordered = False,
    rows: Annotated[
        str | None, typer.Option("--input", metavar="FILE", help="Hold the parts against the rows of this input.")
    ] = None,
    input_format: InputForm = None,
    output_format: BatchForm = None,
    summary: Annotated[
        list[Path] | None,
        typer.Option("--summary", metavar="FILE", help="Write the summary to a .json, .html or .md; repeatable."),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Write over FILE if it exists.")] = False,
    force: Force = False,
    quiet: Quiet = False,
) -> ExitCode:
    """Write one line for each row x profile x think value, to -o FILE or to standard output.

    Of several lines for one an answer goes before a failure, else the latest counts. The parts stay as they are. What
    is missing is said with its reason and how to go on; then the exit code is not 0.

    Example:  thinkdial batch merge part-*.jsonl -o all.jsonl --ordered --input rows.jsonl
    """
    from ....engine.batch.output.target import HEAD, document_encoder, form_for
    from ....engine.batch.shards.join import ShardJoin
    from ....engine.batch.shards.joint import row_keys_of, write_joined
    from ....engine.batch.shards.pieces import pieces_of
    from ....engine.batch.storage.address import place_of
    from ....engine.results.forms import form_of
    from ....providers.errors import UsageError
    from ...files.output_files import check_replaceable
    from ...output import check_writable, forget, say
    from .summary import check_summary_paths, results_missing

    target = None if output is None else place_of(output)
    name = None if target is None else target.name
    is_parquet = output_format == "parquet" or (output_format is None and form_of(name, ("parquet",)) is not None)
    form = form_for(output_format, None if name is None else Path(name))
    if is_parquet and target is None:
        raise UsageError("Parquet is no stream", hint="name a file: -o all.parquet")
    if form is None and not is_parquet:
        raise UsageError(f"--format {output_format}: shards are merged into jsonl, csv or parquet")
    check_summary_paths(summary or ())
    for path in summary or ():
        check_replaceable(path, force=force)
    if isinstance(target, Path):
        check_writable(target)
        if target.exists() and not replace:
            raise UsageError(f"{target} exists already", hint="choose another name, or pass --replace")
    join = ShardJoin(pieces_of(parts), None if rows is None else row_keys_of(rows, input_format))
    # A line of JSON goes into a file as it stands in its part.
    as_it_is = is_parquet or (form == "jsonl" and target is not None)
    encode = None if as_it_is else document_encoder(form or "jsonl", for_screens=target is None)
    head = b"" if is_parquet else HEAD[form or "jsonl"]
    try:
        made = "parquet" if is_parquet else form or "jsonl"
        write_joined(join, target or sys.stdout.buffer, made, encode, head, ordered=ordered)
    except BrokenPipeError:
        forget(sys.stdout)
        return ExitCode.BROKEN_PIPE
    _sum_up(join, output, rows, summary or (), quiet=quiet)
    found = join.joined
    for words in found.torn:
        say(f"{words}: a last line that was cut off is left out; the same shard runs its row again")
    left_out = f"; {found.doubled:,} lines left out, for which another one stands" if found.doubled else ""
    where = f" in {target}" if target is not None else ""
    say(f"{found.results:,} results of {found.pieces:,} {'part' if found.pieces == 1 else 'parts'}{where}{left_out}")
    if found.strays:
        say(f"{found.strays:,} of them answer rows that are not in the input any more; they are at the end")
    if found.missing is None:
        say("no part says what was asked (those of --shard do), so that nobody can tell whether something is missing")
    for gap in found.gaps:
        say(f"missing: {_words(gap)}")
    if not found.is_whole:
        least = "at least " if found.expected is None else ""
        say(f"not whole: {least}{results_missing(found.missing or 0)}")
        say(f"to go on, with what else was said before:  {_command(join, found.gaps)}")
        return ExitCode.SOME_FAILED
    return ExitCode.OK


def _sum_up(join: ShardJoin, output: str | None, rows: str | None, summaries: Sequence[Path], *, quiet: bool) -> None:
    """The summary as of one batch, on the terminal and in files."""
    if quiet and not summaries:
        return
    from ....engine.batch.end import BatchEnd, Ended, tally_of
    from ....engine.batch.options import BatchOptions
    from ....engine.batch.storage.address import place_of
    from ....profiles.facts import reference
    from .summary import print_summary, write_summaries

    tally = tally_of(join.documents(), reference())
    read = [one.manifest for one in join.pieces if one.manifest is not None]
    counted = next((one.input for one in read if one.input is not None), None)
    rows_read = 0 if counted is None else counted.rows
    ended, found = Ended(rows_read, sum(one.bad_rows or 0 for one in read), tally, finished=False), join.joined
    ended.reckon(found.expected, found.missing, found.written)
    end = BatchEnd(ended, tally)
    if not quiet:
        print_summary(end)
    source = rows or next((one.source for one in read), "-")
    write_summaries(summaries, end, BatchOptions(source, None if output is None else place_of(output)))


def _words(gap: Gap) -> str:
    if gap.results is None or f"{gap.results:,} results" in gap.why:
        return gap.why
    return f"{gap.why}: {gap.results:,} results"


def _command(join: ShardJoin, gaps: tuple[Gap, ...]) -> str:
    """The command that runs what is missing, as far as the parts tell."""
    import shlex

    from ....engine.batch.shards.shard import Shard

    found = next(one.manifest for one in join.pieces if one.manifest is not None)
    said = ["thinkdial", "batch", found.source]
    for name in found.asked.profiles:
        said += ("-p", name)
    if found.asked.think:
        said += ("--think", ",".join(found.asked.think))
    if found.asked.repeat > 1:
        said += ("--repeat", str(found.asked.repeat))
    shards = sorted({gap.shard.number for gap in gaps if gap.shard is not None})
    number, of = (shards or [1])[0], found.as_shard.of
    if of > 1:
        said += ("--shard", f"{number}/{of}")
    outputs = {one.manifest.as_shard: one.words for one in join.pieces if one.manifest is not None}
    other, words = next(iter(outputs.items()))
    place = outputs.get(Shard(number, of), "FILE")
    if place == "FILE" and words.count(other.file_word) == 1:  # named as {shard} names them
        place = words.replace(other.file_word, Shard(number, of).file_word)
    more = f"  (then shards {', '.join(map(str, shards[1:9]))})" if len(shards) > 1 else ""
    return f"{shlex.join([*said, '-o', place])}{more}"
