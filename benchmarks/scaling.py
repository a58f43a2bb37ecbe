"""Frames a second by the number of detector replicas and of camera streams, with models that only sleep.

python -m benchmarks.scaling            the full run, some minutes
python -m benchmarks.scaling --quick    a smoke run
"""

from __future__ import annotations

import os
from functools import partial

from benchmarks.arguments import output_folder, parser
from benchmarks.machine import machine_facts
from benchmarks.product import Product, running
from benchmarks.rebalance import FPS_OF_A_CAMERA, Takeover, take_over
from benchmarks.reporting import Cell, Report, Table, say
from benchmarks.scaling_live import DOWN_AFTER_S, MOST, UP_AFTER_S, LoadRun, follow_load
from benchmarks.scaling_runs import PARTITIONS, run_stream
from benchmarks.sleeping_models import install_sleeping

SLEEP_S = 0.2
CALLS_OF_A_REPLICA = 2
"""That a stage's batcher has under way at once."""
MOST_REPLICAS = 8
IN_FLIGHT, FEW_IN_FLIGHT = 128, 4

METHOD = f"""\
The whole product (Kafka, Triton, Milvus, Ray, camera streams, stage actors, writer) with a detector that only sleeps:
{SLEEP_S:g} s a call on Triton, which runs as many calls side by side as eight replicas can make. Small pictures (64x64), one
camera on each of {PARTITIONS} partitions, replay mode, `pipeline.fused=false`. All frames are published at once; frames/s are
those of the middle 70 % of the frames, by the times of their transactions. In each run each frame was seen once, none twice.

*What a replica is.* A stage actor has no model in it: it batches, and has {CALLS_OF_A_REPLICA} calls to Triton under way at
once. With `pipeline.detector.max_batch_size=1` a call is one frame: a replica allows {CALLS_OF_A_REPLICA} in {SLEEP_S:g} s.
With batches it would be as many times more, and whether Triton keeps up is a matter of its instances. *Busy cores* are the CPU
seconds a second of the whole product: where they come near the number of cores, these are the limit."""


def by_replicas(product: Product, replicas: tuple[int, ...], seconds: float) -> list[tuple[Cell, ...]]:
    """A row for each number of detector replicas, with one camera stream that may have many frames in flight."""
    rows: list[tuple[Cell, ...]] = []
    for number in replicas:
        allowed = number * CALLS_OF_A_REPLICA / SLEEP_S
        run = run_stream(
            product,
            int(allowed * seconds),
            stream={"max_in_flight_frames": IN_FLIGHT},
            pipeline={"detector": {"replicas": number}},
        )
        say(f"{number} replicas: {run.fps:.1f} frames/s of {allowed:.0f}, {run.busy_cores:.2f} cores busy")
        first = rows[0][1] if rows else run.fps
        assert isinstance(first, float)
        rows.append((number, run.fps, run.fps / first, run.fps / allowed, run.busy_cores))
    return rows


def by_streams(product: Product, streams: tuple[int, ...], count: int) -> list[tuple[Cell, ...]]:
    """A row for each number of camera streams that may each have few frames in flight, with enough replicas."""
    rows: list[tuple[Cell, ...]] = []
    for number in streams:
        run = run_stream(
            product,
            count * number,
            stream={"workers": number, "max_in_flight_frames": FEW_IN_FLIGHT},
            pipeline={"detector": {"replicas": MOST_REPLICAS}},
        )
        say(f"{number} camera streams: {run.fps:.1f} frames/s, {run.busy_cores:.2f} cores busy")
        first = rows[0][1] if rows else run.fps
        assert isinstance(first, float)
        rows.append((number, run.fps, run.fps / first, run.busy_cores))
    return rows


def takeover_table(runs: list[Takeover]) -> Table:
    """Each run's longest times without a commit."""
    columns = (
        "run", "nothing happens: mean, s", "longest, s", "kept: mean, s", "longest kept, s",
        "moved: mean, s", "longest moved, s", "joined after, s", "sessions begun anew",
    )  # fmt: skip
    rows = [(number, *run.before, *run.kept, *run.moved, run.joined_s, run.restarts) for number, run in enumerate(runs, 1)]
    return Table("A second camera stream joins: the longest time without a commit of a partition", columns, rows)


def _notes(load: LoadRun) -> list[str]:
    return [
        f"Replicas: the limit is the calls under way, {CALLS_OF_A_REPLICA} a replica; the stream may have {IN_FLIGHT} frames "
        "in flight.",
        f"Camera streams: the limit is what one stream may have in flight, {FEW_IN_FLIGHT} frames here (64 by default), from "
        "reading to commit: it waits for the model and then for its transaction.",
        f"Load: `replicas: 1, max_replicas: {MOST}`, more after {UP_AFTER_S:g} s of too many calls, fewer after "
        f"{DOWN_AFTER_S:g} s of few. All had started {load.grown_s:.1f} s after the load came, the last frame was committed "
        f"after {load.done_s:.1f} s, one replica was left after {load.shrunk_s:.1f} s.",
        "Load: calls that wait at the first replica stay there when others come, up to `stream.max_in_flight_frames` (64) of "
        "them, and a partition is committed in order: frames/s rise once these are through.",
        f"Joining: each camera publishes {FPS_OF_A_CAMERA:g} frames/s, and what is done is committed five times a second at "
        "most; the time to join has the start of the second stream's process in it.",
    ]


def main() -> None:
    """Run it."""
    arguments = parser(__doc__).parse_args()
    quick = arguments.quick
    machine = machine_facts()
    install = partial(install_sleeping, seconds=SLEEP_S, instances=MOST_REPLICAS * CALLS_OF_A_REPLICA)
    with running(install=install) as product:
        replicas = by_replicas(product, (1, 2) if quick else (1, 2, 4, MOST_REPLICAS), 6.0 if quick else 15.0)
        streams = by_streams(product, (1, 2) if quick else (1, 2, 4), 60 if quick else 200)
        load = follow_load(product, 200 if quick else 700)
        takeovers = [take_over(product) for _ in range(1 if quick else 3)]
    Report(
        name="scaling",
        title="Replicas and camera streams",
        method=METHOD,
        tables=[
            Table(
                "Detector replicas, one camera stream",
                ("replicas", "frames/s", "by one replica", "of what the sleeping allows", "busy cores"),
                replicas,
            ),
            Table(
                f"Camera streams, {MOST_REPLICAS} replicas",
                ("camera streams", "frames/s", "by one stream", "busy cores"),
                streams,
            ),
            load.table(),
            takeover_table(takeovers),
        ],
        machine={**machine, "load average after (1 min)": round(os.getloadavg()[0], 1)},
        notes=_notes(load),
        figures={
            "replica_speedup": float(replicas[-1][2] or 0),
            "stream_speedup": float(streams[-1][2] or 0),
            "kept_gap_s": max(run.kept[1] for run in takeovers),
            "moved_gap_s": max(run.moved[1] for run in takeovers),
        },
    ).publish(output_folder(arguments))


if __name__ == "__main__":
    main()
