"""From a frame's capture to its sightings being found in Milvus, in live mode at half load.

python -m benchmarks.live_latency               the full run; half of what stream_efficiency found
python -m benchmarks.live_latency --fps 20      at so many frames a second, all cameras together
python -m benchmarks.live_latency --quick       a smoke run
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence

from actors import pipeline
from benchmarks.arguments import output_folder, parser
from benchmarks.committed import Commits, read_commits, read_sightings
from benchmarks.machine import machine_facts
from benchmarks.paced_cameras import PacedCameras
from benchmarks.product import Product, running
from benchmarks.publishing import wait_until_committed
from benchmarks.real_frames import install_yardsticks, real_frames
from benchmarks.reporting import Cell, Report, Table, figures_of, say
from benchmarks.searchable import SearchableWatch
from benchmarks.stream_run import warm_models
from benchmarks.summaries import percentiles
from sightline.errors import ConfigurationError
from sightline.models.selection import select_models
from sightline.types import EncodedFrame

METHOD = """\
Three cameras (two rooms, a street) publish real frames at an even pace, in turn; the capture time of each is the moment at
which it is handed to the publisher. The whole product runs in live mode, stages fused. Again and again, 20 ms apart, the newest
sightings are asked of Milvus, as the questions ask for them; a sighting's latency is from its frame's `ce_time` to the end of
the first such query that holds it, so up to one query and 20 ms of it are the watching. The first five seconds do not count."""

QUICK_FPS = 5.0
WARM_UP_S = 5.0


def measure(product: Product, cameras: Mapping[str, list[EncodedFrame]], *, fps: float, seconds: float) -> Table:
    """Run the product at that pace and watch Milvus."""
    settings = product.run(stream={"mode": "live"})
    models = select_models(settings)
    warm_models(settings, models)
    pipeline.deploy(settings)
    space = models.embedder.spec.embedding_space
    with (
        SearchableWatch(settings.milvus, space=space.name, dimension=space.dimension) as watch,
        PacedCameras(settings, cameras, fps=fps) as publisher,
    ):
        say(f"{fps:.1f} frames/s for {seconds:.0f} s")
        counts_from_us = publisher.run(WARM_UP_S, seconds)
        wait_until_committed(settings, timeout_s=60)
        sightings = [one for one in read_sightings(settings) if one.captured_at_us >= counts_from_us]
        watch.wait_for(sightings, timeout_s=20)
    commits = read_commits(settings)
    pipeline.remove(settings)
    return _table(fps, commits, [watch.latency_s(one) for one in sightings])


def _table(fps: float, commits: Commits, latencies_s: Sequence[float]) -> Table:
    found = percentiles(latencies_s)
    row: tuple[Cell, ...] = (
        fps, commits.seen, commits.shed, found.count,
        *(1000 * value for value in (found.p50, found.p95, found.p99, found.largest)),
    )  # fmt: skip
    columns = ("frames/s", "frames seen", "frames shed", "sightings", "p50, ms", "p95, ms", "p99, ms", "largest, ms")
    return Table("Capture to searchable", columns, [row])


def half_load(arguments: argparse.Namespace) -> float:
    """The pace: as asked, else half of what the stream managed.

    Raises:
        ConfigurationError: neither is known.
    """
    if arguments.fps or arguments.quick:
        return float(arguments.fps or QUICK_FPS)
    figures = figures_of("stream_efficiency")
    if "fused_fps" not in figures:
        raise ConfigurationError("half of which load? run `python -m benchmarks stream_efficiency` first, or give --fps")
    return figures["fused_fps"] / 2


def main() -> None:
    """Run it."""
    command = parser(__doc__)
    command.add_argument("--fps", type=float, help="frames a second, all cameras together")
    arguments = command.parse_args()
    fps = half_load(arguments)
    machine = machine_facts()
    cameras = real_frames(most=60 if arguments.quick else None)
    with running(install=install_yardsticks) as product:
        table = measure(product, cameras, fps=fps, seconds=10 if arguments.quick else 90)
    Report(
        name="live_latency",
        title="Capture to searchable, live, at half load",
        method=METHOD,
        tables=[table],
        machine=machine,
    ).publish(output_folder(arguments))


if __name__ == "__main__":
    main()
