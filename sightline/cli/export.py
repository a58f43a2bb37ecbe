"""``sightline export-crops``: what the cameras saw, as a data set to train on."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sightline.cli.console import stderr, stdout

if TYPE_CHECKING:
    from sightline.exporting import Exported


def _time_us(text: str | None) -> int | None:
    from sightline.types import to_us

    try:
        return None if text is None else to_us(datetime.fromisoformat(text).astimezone())
    except (ValueError, OverflowError) as error:
        raise typer.BadParameter(f"expected a time such as 2026-11-21T08:00:00Z, got {text!r}") from error


def export_crops(
    folder: Annotated[Path, typer.Argument(help="Where to; a new folder, or that of an older export.", file_okay=False)],
    *,
    corrections: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="CSV with columns track,pid; an empty pid leaves it out."),
    ] = None,
    camera: Annotated[list[str] | None, typer.Option(help="Only this camera; repeat it for several.")] = None,
    start: Annotated[str | None, typer.Option(help="Seen at or after; without a zone: local time.")] = None,
    end: Annotated[str | None, typer.Option(help="Seen before.")] = None,
    min_quality: Annotated[float, typer.Option(min=0, max=1, help="Leave out worse crops.")] = 0.0,
    config: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A settings file; unset = sightline.yaml here.")
    ] = None,
) -> None:
    """Write the stored crops of the stream and a Parquet table of them into a folder, to train on one's own cameras.

    Each track counts as a person of its own, unless the corrections say which tracks are the same person, or nobody. Only
    with them is anybody in two cameras, so that there is something to test on. Erased sightings are not exported; the export
    itself is yours to erase: repeat it into the same folder after an erasure, and what was erased goes.

    Examples:

    * `sightline export-crops our-people`
    * `sightline export-crops our-people --camera hall --camera entrance --start 2026-11-21T08:00 --min-quality 0.4`
    * `sightline export-crops our-people --corrections same-people.csv`
    * `sightline train --recipe baseline --data our-people`
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from sightline.adapters.blobs import open_blobs
    from sightline.adapters.kafka.replay import TopicReplay
    from sightline.adapters.parquet import ParquetCropTable
    from sightline.exporting import Wanted
    from sightline.exporting import export_crops as export_from
    from sightline.settings import load_settings
    from sightline.track_corrections import read_corrections
    from sightline.types import SightingFilter

    where = SightingFilter(tuple(camera or ()), _time_us(start), _time_us(end))
    wanted = Wanted(where, min_quality, read_corrections(corrections) if corrections else {})
    settings = load_settings(config)
    replay = TopicReplay(settings.kafka, settings.kafka.topic("sightings"))
    replay.open()
    columns = (TextColumn("exporting"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=stderr) as progress:
        task = progress.add_task("exporting", total=2 * replay.offsets)
        done = export_from(
            replay,
            open_blobs(settings),
            ParquetCropTable(),
            folder,
            wanted=wanted,
            on_progress=lambda count: progress.advance(task, count),
        )
        progress.update(task, completed=2 * replay.offsets)
    _print(done, folder)


def _print(done: Exported, folder: Path) -> None:
    crops, people, cameras = sum(done.identities.values()), len(done.identities), len(done.cameras)
    stdout.print(f"{crops} crops of {people} identities in {cameras} cameras: {folder}", highlight=False)
    for why, count in sorted(done.left_out.items()):
        stdout.print(f"{count} sightings left out: {why}", highlight=False)
    if done.removed:
        stdout.print(f"{done.removed} crops of the older export removed", highlight=False)
    if done.unknown_tracks:
        some = ", ".join(sorted(done.unknown_tracks)[:3])
        stderr.print(f"{len(done.unknown_tracks)} tracks of the corrections have no crop here, such as {some}", highlight=False)
