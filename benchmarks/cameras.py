"""Many cameras, and a slow stream: frames a second and memory stay flat.

python -m benchmarks.cameras            the full run, some minutes
python -m benchmarks.cameras --quick    a smoke run
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from benchmarks import made_up
from benchmarks.arguments import output_folder, parser
from benchmarks.committed import read_commits
from benchmarks.consumption import CpuReading, read_cpu
from benchmarks.machine import machine_facts
from benchmarks.memory_watch import MemoryWatch
from benchmarks.product import Product, running
from benchmarks.publishing import publish_all, wait_until_begun, wait_until_committed, waiting
from benchmarks.reporting import Cell, Report, Table, say
from sightline.settings import Settings
from sightline.threads import SINGLE_THREADED

METHOD = """\
The real camera stream (one process, one decoding thread) on a real Kafka, with a detector and an embedder that return at
once and one person in every picture (854x480 JPEG), in replay mode. All frames are published first. Frames/s count from the
first transaction to the last, of the frames after the first transaction; CPU is that of the stream's process while it works.
Memory is the resident memory of that process, sampled ten times a second. *Waiting*: small frames (320x240) wait in Kafka
while a detector takes 20 ms for each, from the first outcome on, in four parts of the same length; the slope is that of a
straight line through the samples of a part."""

FEW, MANY = (1, 4), (1, 4, 16, 64)
FRAME_S = 0.02
_PARTS = 4
_SMALL_WH = (320, 240)


def with_cameras(product: Product, cameras: int, count: int) -> tuple[Cell, ...]:
    """One row: the same number of frames over so many cameras."""
    settings = product.run(stream={"mode": "replay"})
    say(f"{count} frames of {cameras} cameras")
    publish_all(settings, made_up.frames(count, cameras=cameras))
    with _stream(settings) as pid, MemoryWatch(pid) as memory:
        left, before = wait_until_begun(settings, count), _cpu(pid)
        wait_until_committed(settings, timeout_s=600)
        cpu_s = _cpu(pid).since(before)["stream"]
    commits = read_commits(settings)
    fps = (commits.seen - commits.seen_first) / (commits.last_s - commits.first_s)
    return cameras, commits.seen, fps, 1000 * cpu_s / max(1, left), max(memory.mib), memory.mib[-1]


def while_waiting(product: Product, count: int, *, frame_s: float, watch_s: float) -> list[tuple[Cell, ...]]:
    """A row for each part of the watch: so many frames wait, and the stream takes ``frame_s`` for each."""
    settings = product.run(stream={"mode": "replay"})
    say(f"{count} small frames to wait")
    publish_all(settings, made_up.frames(count, cameras=8, size_wh=_SMALL_WH))
    rows: list[tuple[Cell, ...]] = []
    with _stream(settings, frame_s) as pid:
        wait_until_begun(settings, count)
        for part in range(_PARTS):
            left = waiting(settings)
            say(f"{left} wait; watching for {watch_s / _PARTS:.0f} s")
            with MemoryWatch(pid) as memory:
                time.sleep(watch_s / _PARTS)
            rows.append((part + 1, left, watch_s / _PARTS, min(memory.mib), max(memory.mib), memory.slope_mib_per_minute))
    return rows


@contextmanager
def _stream(settings: Settings, frame_s: float = 0.0) -> Iterator[int]:
    """The stream in a process of its own; its pid."""
    config = settings.local.state_dir / f"{settings.kafka.topic_prefix}sightline.yaml"
    config.write_text(yaml.safe_dump(settings.model_dump(mode="json", exclude_none=True)))
    environment = {**os.environ, **SINGLE_THREADED, "SIGHTLINE_CONFIG": str(config)}
    root = Path(__file__).resolve().parents[1]
    command = [sys.executable, "-m", "benchmarks.stream_process", f"--seconds={frame_s}"]
    process = subprocess.Popen(command, env=environment, cwd=root)
    try:
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _cpu(pid: int) -> CpuReading:
    return read_cpu({"stream": pid})


def main() -> None:
    """Run it."""
    arguments = parser(__doc__).parse_args()
    quick = arguments.quick
    machine = machine_facts()
    with running(("kafka",)) as product:
        rows = [with_cameras(product, cameras, 200 if quick else 1500) for cameras in (FEW if quick else MANY)]
        slow = while_waiting(product, 500 if quick else 50_000, frame_s=FRAME_S, watch_s=3.0 if quick else 100.0)
    columns = ("cameras", "frames", "frames/s", "CPU of the stream, ms a frame", "largest RSS, MiB", "RSS at the end, MiB")
    waiting_columns = (
        "part", "frames waiting", "watched, s", "smallest RSS, MiB", "largest RSS, MiB", "slope, MiB/min",
    )  # fmt: skip
    Report(
        name="cameras",
        title="Cameras and waiting frames",
        method=METHOD,
        tables=[Table("Cameras", columns, rows), Table("Waiting", waiting_columns, slow)],
        machine=machine,
    ).publish(output_folder(arguments))


if __name__ == "__main__":
    main()
