"""``sightline rebuild``: the gallery made anew from the recorded sightings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sightline.cli.console import stderr, stdout

if TYPE_CHECKING:
    from sightline.ports import Gallery
    from sightline.rebuilding import Rebuilt


def rebuild(
    *,
    space: Annotated[
        str | None, typer.Option(help="Only this embedding space, as `sightline models list` names it; unset = all.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A settings file; unset = sightline.yaml here.")
    ] = None,
) -> None:
    """Restore Milvus from the topic `sightings`: same ids, no model needed, while everything runs.

    For when a collection was dropped, or a new Milvus server takes over. What is there already is replaced, so it can be
    repeated, and what was erased stays erased.

    Examples:

    * `sightline rebuild`
    * `sightline rebuild --space reid_osnet_v1_512_0123456789ab`
    * `SIGHTLINE_MILVUS__URI=http://new-server:19530 sightline rebuild`
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from sightline.adapters.kafka.replay import TopicReplay
    from sightline.adapters.milvus import MilvusGallery
    from sightline.rebuilding import rebuild as rebuild_from
    from sightline.settings import load_settings

    settings = load_settings(config)
    replay = TopicReplay(settings.kafka, settings.kafka.topic("sightings"))
    replay.open()
    opened: list[MilvusGallery] = []

    def open_gallery(name: str, dimension: int) -> Gallery:
        opened.append(MilvusGallery.open(settings.milvus, space=name, dimension=dimension))
        return opened[-1]

    columns = (TextColumn("rebuilding"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=stderr) as progress:
        task = progress.add_task("rebuilding", total=2 * replay.offsets)
        done = rebuild_from(replay, open_gallery, space=space, on_progress=lambda n: progress.advance(task, n))
        progress.update(task, completed=2 * replay.offsets)
    for gallery in opened:
        gallery.close()
    _print(done, [gallery.space for gallery in opened])


def _print(done: Rebuilt, spaces: list[str]) -> None:
    stdout.print(f"{done.written} sightings written, in {len(spaces)} embedding space{'' if len(spaces) == 1 else 's'}")
    for name in spaces:
        stdout.print(f"  {name}", highlight=False)
    for count, what in (
        (done.replaced, "older records left out"),
        (done.erased, "erased sightings left out"),
        (done.other_spaces, "sightings of other embedding spaces left out"),
        (done.unfit, "records that no gallery can hold left out (the writer put them into the dead letters)"),
    ):
        if count:
            stdout.print(f"{count} {what}")
