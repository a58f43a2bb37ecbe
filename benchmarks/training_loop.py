"""What the training loop costs beside a bare one: ``python -m benchmarks.training_loop [--quick]``.

The same system, losses, optimiser and batches, made beforehand and held in memory; one loop is ours, the other is four lines.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from benchmarks.arguments import output_folder, parser
from benchmarks.machine import machine_facts
from benchmarks.reporting import Cell, Report, Table, say
from sightline.adapters.blobs import FsspecBlobs
from sightline.types import Int64Array
from training.batch import Batch, Inputs, Targets
from training.checkpoints import Checkpoints
from training.loop import Loop, Rhythm
from training.metrics_log import MetricsLog
from training.objective import Objective, joint_loss
from training.optimisers import make_optimiser, set_rate
from training.overrides import overridden
from training.recipe import DataFacts, Recipe
from training.recipes import RECIPES
from training.reports import Listeners
from training.samplers.build import build_sampler
from training.snapshot import Snapshot
from training.tensorboard_log import TensorBoardLog

PEOPLE = 96
STEPS, ROUNDS = 16, 6
QUICK_STEPS, QUICK_ROUNDS = 2, 1
METHOD = """\
`baseline_cpu`: a narrow residual trunk on 128x64 pixels, bfloat16, channels last, softmax and batch-hard triplet, batches of
96. The bare loop is forward, zero_grad, backward and step. Ours adds the schedule (a constant one here, so that both learn the
same), the check for losses that are not finite, a report every 10 steps to metrics.jsonl and TensorBoard, and what a row names;
the checkpoint at the end is timed apart. Both take turns, each anew from the same seed and on the same batches; the median of
the rounds is given. The processor's time is that of all threads: other work on the machine disturbs it less."""

ROWS: Sequence[tuple[str, dict[str, object]]] = (
    ("as the recipe has it", {}),
    ("with averaged weights and clipped gradients", {"ema": 0.999, "clip_norm": 10.0}),
)


@dataclass(frozen=True)
class HeldData:
    """Batches of random pictures, in memory. See :class:`training.feed.TrainingData`."""

    held: Sequence[Batch]
    classes: Int64Array
    fingerprint: str = "random pictures"

    @classmethod
    def of(cls, recipe: Recipe, steps: int) -> HeldData:
        """An epoch of so many batches of the recipe's sampling."""
        phase = recipe.phases[0]
        classes = np.repeat(np.arange(PEOPLE), steps * phase.sampling.batch_size // PEOPLE)
        sampler = build_sampler(phase.sampling, classes, seed=recipe.seed)
        generator = torch.Generator().manual_seed(0)
        held = [_batch(torch.from_numpy(classes[chosen]), recipe.size_hw, generator) for chosen in sampler.batches(0)]
        return cls(held, classes)

    @property
    def facts(self) -> DataFacts:
        """So many people, nothing else."""
        return DataFacts(PEOPLE, {})

    def batches(self, indices: Iterator[Int64Array], *, seed: int, epoch: int) -> Iterator[Batch]:
        """The held ones, whatever was asked for."""
        del seed, epoch
        for batch, _ in zip(self.held, indices, strict=True):
            yield batch


def _batch(classes: torch.Tensor, size_hw: tuple[int, int], generator: torch.Generator) -> Batch:
    images = torch.randint(0, 256, (len(classes), 3, *size_hw), generator=generator, dtype=torch.uint8)
    targets = Targets(classes, torch.ones_like(classes), torch.zeros((len(classes), 0), dtype=torch.int64))
    return Batch(Inputs(images), targets, torch.arange(len(classes)))


class Timed(Checkpoints):
    """Checkpoints, and how long they took: ``wall_s``, ``cpu_s``."""

    def __init__(self, folder: Path) -> None:
        super().__init__(FsspecBlobs(str(folder)))
        self.wall_s = self.cpu_s = 0.0

    def save(self, snapshot: Snapshot, *, score: float | None = None) -> None:
        """As always, timed."""
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        super().save(snapshot, score=score)
        self.wall_s, self.cpu_s = self.wall_s + time.perf_counter() - wall_s, self.cpu_s + time.process_time() - cpu_s


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds of one step: on the clock, of the processor; and of one checkpoint."""

    wall_ms: float
    cpu_ms: float
    checkpoint_ms: float = 0.0


def bare(recipe: Recipe, data: HeldData) -> Cost:
    """Four lines a step."""
    torch.manual_seed(recipe.seed)
    phase = recipe.phases[0]
    system = recipe.build(data.facts).to(memory_format=torch.channels_last).train()
    optimiser = make_optimiser(system, phase.optimiser)
    set_rate(optimiser, phase.optimiser.lr)
    objective = Objective(system, joint_loss(recipe.terms(data.facts), phase), recipe.precision)
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    for batch in data.held:
        loss, _ = objective(batch)
        optimiser.zero_grad()  # here as in ours: elsewhere memory is reused otherwise, which is worth some per cent
        loss.backward()
        optimiser.step()
    return _per_step(data, time.perf_counter() - wall_s, time.process_time() - cpu_s)


def ours(recipe: Recipe, data: HeldData) -> Cost:
    """The loop, with all that listens to it."""
    with tempfile.TemporaryDirectory(prefix="sl-bench-") as folder:
        checkpoints = Timed(Path(folder) / "checkpoints")
        loop = Loop(recipe, data, checkpoints=checkpoints, rhythm=Rhythm(evaluate_epochs=None))
        with closing(TensorBoardLog(Path(folder) / "tensorboard")) as tensorboard:
            listeners = Listeners([MetricsLog(Path(folder) / "metrics.jsonl"), tensorboard])
            wall_s, cpu_s = time.perf_counter(), time.process_time()
            loop.run(listener=listeners)
            wall_s, cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s
    cost = _per_step(data, wall_s - checkpoints.wall_s, cpu_s - checkpoints.cpu_s)
    return Cost(cost.wall_ms, cost.cpu_ms, 1000 * checkpoints.wall_s)


def _per_step(data: HeldData, wall_s: float, cpu_s: float) -> Cost:
    return Cost(1000 * wall_s / len(data.held), 1000 * cpu_s / len(data.held))


def measured(name: str, overrides: dict[str, object], *, steps: int, rounds: int) -> tuple[Cell, ...]:
    """One row: both loops, taking turns."""
    say(name)
    recipe = overridden(RECIPES["baseline_cpu"], {"phases.0.epochs": 1, "phases.0.schedule.kind": "constant", **overrides})
    data = HeldData.of(recipe, steps)
    loops: Sequence[Callable[[Recipe, HeldData], Cost]] = (bare, ours)
    for loop in loops:
        loop(recipe, data)  # warms up
    costs: dict[Callable[[Recipe, HeldData], Cost], list[Cost]] = {loop: [] for loop in loops}
    for number in range(rounds):
        for loop in loops if number % 2 else reversed(loops):
            costs[loop].append(loop(recipe, data))
    walls = [statistics.median(cost.wall_ms for cost in costs[loop]) for loop in loops]
    cpus = [statistics.median(cost.cpu_ms for cost in costs[loop]) for loop in loops]
    checkpoint_ms = statistics.median(cost.checkpoint_ms for cost in costs[ours])
    over = [round(100 * (mine / theirs - 1), 1) for theirs, mine in (walls, cpus)]
    return name, *walls, over[0], *cpus, over[1], checkpoint_ms


def main() -> None:
    """Measure and report."""
    arguments = parser(__doc__).parse_args()
    steps, rounds = (QUICK_STEPS, QUICK_ROUNDS) if arguments.quick else (STEPS, ROUNDS)
    facts = machine_facts()
    rows = [measured(name, overrides, steps=steps, rounds=rounds) for name, overrides in ROWS]
    columns = (
        "loop", "bare, ms a step", "ours, ms a step", "more, %",
        "bare, processor ms a step", "ours, processor ms a step", "more of the processor, %", "checkpoint, ms",
    )  # fmt: skip
    Report(
        name="training_loop",
        title="The training loop beside a bare one",
        method=METHOD,
        tables=[Table("A step", columns, rows)],
        machine=facts | {"torch": str(torch.__version__), "threads of torch": torch.get_num_threads()},
        figures={"overhead_percent": float(rows[0][3] or 0), "processor_overhead_percent": float(rows[0][6] or 0)},
    ).publish(output_folder(arguments))


if __name__ == "__main__":
    main()
