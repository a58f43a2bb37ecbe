"""`sightline publish`: pictures of files, folders and cameras into Kafka."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sightline.cli.interruption import until_interrupted
from sightline.errors import ServiceUnavailable, SightlineError

if TYPE_CHECKING:
    from sightline.adapters.kafka.producer import FramePublisher
    from sightline.cameras.publishing import Publishing

_FLUSH_TIMEOUT_S = 10.0
_SOURCES_TIMEOUT_S = 10.0
_REFRESH_S = 0.5


def publish(
    sources: Annotated[
        list[str] | None,
        typer.Argument(metavar="SOURCE", help="A video file, a folder of images, `rtsp://HOST/PATH`, or `webcam:0`."),
    ] = None,
    *,
    synthetic: Annotated[
        int, typer.Option(min=0, max=64, help="So many cameras of a synthetic world, `synthetic-1` and so on.", metavar="N")
    ] = 0,
    synthetic_seed: Annotated[int, typer.Option(min=0, help="Which world: rooms, people and their ways.", metavar="SEED")] = 0,
    ground_truth: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="Append who is where in each synthetic frame to this file, a line of JSON a frame."),
    ] = None,
    camera: Annotated[
        list[str] | None,
        typer.Option(help="Camera id of each source, in their order. Left out: the file's stem, the folder's name, the host."),
    ] = None,
    fps: Annotated[
        float | None,
        typer.Option(
            min=0.001,
            help="At most so many pictures a second (folders, synthetic: exactly; 10 and 5 if left out). Left out: all.",
        ),
    ] = None,
    loop: Annotated[bool, typer.Option("--loop", help="Begin files and folders again when they end.")] = False,
    start_time: Annotated[
        str | None,
        typer.Option(help="When the first picture of files and folders was taken, RFC 3339. Left out: now.", metavar="TIME"),
    ] = None,
    pace: Annotated[
        bool,
        typer.Option("--pace/--no-pace", " /--fast", help="Take as long as the recording did, or go as fast as Kafka can."),
    ] = True,
    jpeg_quality: Annotated[int, typer.Option(min=1, max=100, help="Of pictures that are encoded here (not of folders).")] = 90,
    json: Annotated[bool, typer.Option("--json", help="Print the summary as one JSON document.")] = False,
) -> None:
    """Publish pictures as cameras do, until the sources end or Ctrl-C.

    - `sightline publish door.mp4`: a recording, at its own pace, as camera `door`
    - `sightline publish rtsp://user:password@10.0.0.7/stream1 --camera door --fps 5`: a live camera; it reconnects
    - `sightline publish a.mp4 b.mp4 --camera hall --camera stairs --loop`: two cameras at once, for ever
    - `sightline publish --synthetic 4 --ground-truth truth.jsonl`: four cameras of a world of walking people, without any file
    - `sightline publish frames/ --fps 1 --start-time 2026-03-01T08:00:00Z --fast`: images, as fast as possible

    A recording that is published again with the same `--start-time` makes the same frame ids.
    """
    from sightline.adapters.kafka.admin import create_topics
    from sightline.adapters.kafka.producer import FramePublisher
    from sightline.cameras.open_source import open_source
    from sightline.cameras.options import SourceOptions
    from sightline.cameras.publishing import Publishing
    from sightline.cli.publish_display import print_summary, progress_display
    from sightline.cli.publish_synthetic import synthetic_sources, synthetic_views, truth_file
    from sightline.settings import load_settings

    if not sources and not synthetic:
        raise _NothingToPublish
    names = _cameras(sources or [], camera or [])
    views = synthetic_views(synthetic, synthetic_seed, taken=names)  # before the clock is read: it takes seconds
    options = SourceOptions("", fps, _microseconds(start_time), loop, pace, jpeg_quality)
    opened = {each: open_source(name, options=replace(options, camera=each)) for each, name in names.items()}
    truth = truth_file(ground_truth, synthetic)
    made_up = synthetic_sources(views, synthetic_seed, options, truth.append if truth else None)
    opened |= made_up
    names |= dict.fromkeys(made_up, f"synthetic world {synthetic_seed}")
    settings = load_settings()
    create_topics(settings)
    publisher = FramePublisher(settings)
    publisher.open()
    publishing = Publishing(opened, publisher.publish)
    began_s = time.monotonic()
    publishing.start()
    try:
        with until_interrupted() as interrupted, progress_display(publishing, publisher, names):
            while not publishing.wait(_REFRESH_S) and not interrupted.is_set():
                pass
    finally:
        unfinished = _finish(publishing, publisher)
        if truth is not None:
            truth.close()
    print_summary(publishing, publisher, list(names), seconds=time.monotonic() - began_s, json=json)
    # A thread that was waiting for room when the publisher was closed has nothing to add to what was not delivered.
    faults: list[SightlineError] = [*unfinished] or [*publishing.faults().values()]
    if faults:
        raise SightlineError("; ".join(dict.fromkeys(map(str, faults)))) from faults[0]


class _NothingToPublish(typer.BadParameter):
    """Typer knows arguments that must be there, not an argument or an option; this is said as it would say it."""

    def __init__(self) -> None:
        super().__init__(
            "Missing argument 'SOURCE': name a source, or ask for cameras of a synthetic world by --synthetic N; "
            "`sightline publish --help` has examples"
        )

    def format_message(self) -> str:
        return self.message


def _cameras(sources: list[str], cameras: list[str]) -> dict[str, str]:
    """Camera id -> source, in order."""
    from sightline.cameras.open_source import default_camera_id
    from sightline.wire import CAMERA_ID

    if cameras and len(cameras) != len(sources):
        raise typer.BadParameter(f"expected a --camera for each source or none, got {len(cameras)} for {len(sources)} sources")
    ids = cameras or [default_camera_id(name) for name in sources]
    for each in ids:
        if not CAMERA_ID.fullmatch(each):
            raise typer.BadParameter(f"{each!r} is no camera id: use letters, digits, '.', '_' and '-', at most 128")
        if ids.count(each) > 1:
            raise typer.BadParameter(f"two sources have the camera id {each!r}: name each with --camera")
    return dict(zip(ids, sources, strict=True))


def _microseconds(start_time: str | None) -> int:
    from sightline.types import to_us

    if start_time is None:
        return to_us(datetime.now(UTC))
    try:
        return to_us(datetime.fromisoformat(start_time))
    except ValueError as error:
        detail = f"--start-time: expected RFC 3339 with a zone, such as 2026-03-01T08:00:00Z, got {start_time!r}"
        raise typer.BadParameter(detail) from error


def _finish(publishing: Publishing, publisher: FramePublisher) -> list[ServiceUnavailable]:
    """Stop the sources, then deliver what they handed over; what could not be delivered is the answer."""
    publishing.stop()
    publishing.wait(_SOURCES_TIMEOUT_S)
    try:
        publisher.close(timeout_s=_FLUSH_TIMEOUT_S)
    except ServiceUnavailable as error:
        return [error]
    return []
