"""A training run of the tiny recipe in processes of its own, which may be killed at a chosen moment.

See :class:`Plan` and :class:`Runner`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import traceback
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import torch
import torch._dynamo  # the optimisers import it at their first step: once, here
from torch import distributed

from sightline.adapters.blobs import FsspecBlobs
from support.training_data import quick_job
from support.training_recipe import TinyData, TinyRecipe
from training.checkpoints import Checkpoints
from training.job import run_job
from training.loop import Loop, Rhythm
from training.metrics_log import MetricsLog
from training.overrides import overridden
from training.reports import EvaluationReport, StepReport
from training.world import World

TESTS = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Plan:
    """What the processes do.

    Attributes:
        folder: of checkpoints, metrics and weights.
        overrides: of the recipe.
        data: a data set on the disk, which the quick recipe learns as a whole job; None = the tiny recipe learns the tiny data.
        workers: how many.
        kill_at_step: SIGKILL to itself when this step is reported; None = never.
        kill_in_write: SIGKILL to itself in the middle of writing this many-th checkpoint, from 1; None = never.
        checkpoint_steps: see :class:`Rhythm`.
    """

    folder: str
    overrides: dict[str, object] = field(default_factory=dict)
    data: str | None = None
    workers: int = 1
    kill_at_step: int | None = None
    kill_in_write: int | None = None
    checkpoint_steps: int | None = 2


class Runner:
    """A process that has imported everything, and forks others to carry out plans: torch is imported once for all of them."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "support.training_process"]
        environment = {**os.environ, "PYTHONPATH": f"{TESTS}:{TESTS.parent}", "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )

    def run(self, plan: Plan) -> int:
        """Carry it out; the exit code, -9 where a worker was killed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asdict(plan)) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        """End it, and whatever it forked."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()


def killed() -> None:
    """As a crash would end it."""
    os.kill(os.getpid(), signal.SIGKILL)


class Killer:
    """Hears of steps; kills at one."""

    def __init__(self, at_step: int | None) -> None:
        self._at_step = at_step

    def on_steps(self, reports: Sequence[StepReport]) -> None:
        if any(report.step == self._at_step for report in reports):
            killed()

    def on_evaluation(self, report: EvaluationReport) -> None:
        """Nothing."""


class HalfWritten(FsspecBlobs):
    """A store whose process is killed when half of a checkpoint is on the disk."""

    def __init__(self, folder: Path, at: int | None) -> None:
        super().__init__(str(folder))
        self._folder, self._at, self._puts = folder, at, 0

    def put(self, key: str, data: bytes) -> None:
        if key.endswith(".pt"):
            self._puts += 1
            if self._puts == self._at:
                (self._folder / f".{key}.partial").write_bytes(data[: len(data) // 2])
                killed()
        super().put(key, data)


def train(plan: Plan, rank: int, meeting: Path) -> None:
    """What one worker does; ``meeting``: a file that is not there yet, where the workers of one run find one another."""
    folder = Path(plan.folder)
    torch.set_num_threads(1)
    if plan.workers > 1:
        timeout = timedelta(seconds=60)
        where = f"file://{meeting}"
        distributed.init_process_group("gloo", init_method=where, rank=rank, world_size=plan.workers, timeout=timeout)
    world = World(rank, plan.workers)
    if plan.data is not None:
        run_job(quick_job(Path(plan.data), folder, **plan.overrides), world)
        return
    recipe = overridden(TinyRecipe(), plan.overrides)
    checkpoints = Checkpoints(HalfWritten(folder / "checkpoints", plan.kill_in_write), keep_last=2)
    rhythm = Rhythm(report_steps=1, checkpoint_steps=plan.checkpoint_steps)
    loop = Loop(recipe, TinyData(), checkpoints=checkpoints, rhythm=rhythm, world=world)
    loop.resume()
    log = MetricsLog(folder / f"metrics-{rank}.jsonl", step=loop.state.position.step)

    class Both(Killer):
        def on_steps(self, reports: Sequence[StepReport]) -> None:
            log.on_steps(reports)
            super().on_steps(reports)

    loop.run(listener=Both(plan.kill_at_step))
    torch.save(loop.state.system.state_dict(), folder / f"weights-{rank}.pt")
    if plan.workers > 1:
        distributed.destroy_process_group()


def work(plan: Plan, rank: int, meeting: Path) -> NoReturn:
    """:func:`train`, and the end of this process."""
    try:
        train(plan, rank, meeting)
        os._exit(0)
    finally:  # only an error comes this far
        traceback.print_exc()
        os._exit(1)


def carry_out(plan: Plan) -> int:
    """The exit code of the first worker that failed; 0 = all did well."""
    folder = Path(plan.folder)
    folder.mkdir(parents=True, exist_ok=True)
    meeting = folder / f"meeting-{uuid.uuid4().hex}"
    workers = []
    for rank in range(plan.workers):
        child = os.fork()
        if child == 0:
            work(plan, rank, meeting)
        workers.append(child)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in workers]
    return min(codes) or max(codes)


def main() -> None:
    for line in sys.stdin:
        code = carry_out(Plan(**json.loads(line)))
        sys.stdout.write(f"{code}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
