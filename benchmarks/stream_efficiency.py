"""Frames a second end to end, divided by those of the same models called back to back by bare ONNX Runtime.

python -m benchmarks.stream_efficiency            the full run, some minutes
python -m benchmarks.stream_efficiency --quick    a smoke run
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from benchmarks.arguments import output_folder, parser
from benchmarks.machine import machine_facts
from benchmarks.model_calls import BareModels, Timing
from benchmarks.product import Product, running
from benchmarks.real_frames import install_yardsticks, interleaved, looped, real_frames
from benchmarks.reporting import Report, Table, say
from benchmarks.stream_run import Replay, replay
from sightline.types import EncodedFrame

METHOD = """\
Two room cameras and a street camera are published whole; then the product (Kafka, Triton, Milvus, Ray, camera stream,
writer) is deployed in replay mode, with warm models, and timed from its first frame read to its last transaction.
The yardstick makes exactly the same work without a stream: `decode_image` on every frame, and for each model as many calls
of each batch size as Triton counted in that run, on the run's own canvases and crops, with ONNX Runtime alone and the
threads that Triton gave each model. *Back to back* makes these calls one after another; *side by side* gives decoding and each
model a thread of its own, all at once: the best that these cores can do. Efficiency is the stream's frames/s divided by the
yardstick's. *CPU* efficiency divides the CPU seconds of the yardstick by those of the whole product: other load on the
machine does not move it much."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A way to run the stages, and the yardstick of its own model calls."""

    name: str
    run: Replay
    parts: dict[str, Timing]
    together: Timing

    @property
    def back_to_back_fps(self) -> float:
        return self.run.frames / sum(timing.wall_s for timing in self.parts.values())

    @property
    def side_by_side_fps(self) -> float:
        return self.run.frames / self.together.wall_s

    @property
    def bare_cpu_ms(self) -> float:
        return 1000 * sum(timing.cpu_s for timing in self.parts.values()) / self.run.frames

    @property
    def product_cpu_ms(self) -> float:
        return 1000 * sum(self.run.cpu_s.values()) / self.run.frames


def measure(product: Product, frames: list[EncodedFrame], *, name: str, fused: bool) -> Measured:
    """One way to run the stages."""
    say(f"stages {name}")
    run = replay(product, frames, pipeline={"fused": fused})
    say(f"{run.fps:.1f} frames/s; the same work by bare ONNX Runtime")
    bare = BareModels(run.settings, run.models, frames, run.sightings, run.batches)
    return Measured(name, run, bare.one_after_another(), bare.side_by_side())


def tables(measured: list[Measured]) -> list[Table]:
    """Efficiency, where the CPU time goes, and the batches."""
    speed = Table(
        "Efficiency",
        (
            "stages",
            "frames",
            "stream, frames/s",
            "back to back, frames/s",
            "efficiency",
            "side by side, frames/s",
            "efficiency against side by side",
            "CPU efficiency",
        ),
        [
            (
                m.name,
                m.run.frames,
                m.run.fps,
                m.back_to_back_fps,
                m.run.fps / m.back_to_back_fps,
                m.side_by_side_fps,
                m.run.fps / m.side_by_side_fps,
                m.bare_cpu_ms / m.product_cpu_ms,
            )
            for m in measured
        ],
    )
    parts = sorted({part for m in measured for part in m.run.cpu_s})
    cost = Table(
        "CPU time of each part, ms a frame",
        ("part", *(m.name for m in measured)),
        [
            *((part, *(_ms(m, m.run.cpu_s.get(part)) for m in measured)) for part in parts),
            ("all of the product", *(m.product_cpu_ms for m in measured)),
            *((f"yardstick: {part}", *(_ms(m, m.parts[part].cpu_s) for m in measured)) for part in measured[0].parts),
            ("all of the yardstick", *(m.bare_cpu_ms for m in measured)),
        ],
    )
    batches = Table(
        "Model calls",
        ("stages", "model", "items", "calls", "mean batch"),
        [
            (m.name, model, items := sum(size * n for size, n in sizes.items()), calls := sum(sizes.values()), items / calls)
            for m in measured
            for model, sizes in m.run.batches.items()
            if sizes
        ],
    )
    return [speed, cost, batches]


def limits(measured: Measured, cores: int) -> str:
    """Where the cores' time goes, and what that allows at most."""
    most = 1000 * cores / measured.product_cpu_ms
    return (
        f"{measured.name}: the whole product takes {measured.product_cpu_ms:.1f} ms of CPU a frame, the yardstick "
        f"{measured.bare_cpu_ms:.1f}; {cores} cores with nothing else to do allow {most:.0f} frames/s at most, and got "
        f"{measured.run.fps:.0f}. Whatever else runs on the machine takes its share out of that."
    )


def _ms(measured: Measured, seconds: float | None) -> float | None:
    return None if seconds is None else 1000 * seconds / measured.run.frames


def main() -> None:
    """Run it."""
    command = parser(__doc__)
    command.add_argument("--loops", type=int, default=1, help="how often the frames go round (518 of them; default 1)")
    arguments = command.parse_args()
    machine = machine_facts()
    cameras = real_frames(most=20 if arguments.quick else None)
    frames = interleaved(looped(cameras, arguments.loops))
    with running(install=install_yardsticks) as product:
        fused = measure(product, frames, name="fused", fused=True)
        actors = measure(product, frames, name="actors", fused=False)
    Report(
        name="stream_efficiency",
        title="Stream efficiency",
        method=METHOD,
        tables=tables([fused, actors]),
        machine={**machine, "load average after (1 min)": round(os.getloadavg()[0], 1)},
        notes=[limits(one, os.cpu_count() or 1) for one in (fused, actors)],
        figures={
            "fused_fps": fused.run.fps,
            "actors_fps": actors.run.fps,
            "fused_efficiency": fused.run.fps / fused.back_to_back_fps,
            "actors_efficiency": actors.run.fps / actors.back_to_back_fps,
        },
    ).publish(output_folder(arguments))


if __name__ == "__main__":
    main()
