"""One row of a table with one seed: trained in a folder of its own, then tested; the unit of work of a table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from training.checkpoints import read_snapshot
from training.data.config import DataConfig
from training.embedding_recipe import EmbeddingRecipe, open_data
from training.hardware import device_in_words
from training.job import Job, run_job
from training.loop import Rhythm
from training.metrics_log import STEP, read_metrics
from training.nets.system import EmbeddingSystem
from training.nets.systems.djl import Djl
from training.overrides import overridden
from training.reports import Listener
from training.run_folder import RunFolder
from training.snapshot import Snapshot
from training.tables.papers import PAPERS
from training.tables.row_result import RowResult, SetFigures
from training.tables.testing import can_be_tested, figures_on
from training.trained import describing, trained_of
from training.world import World


@dataclass(frozen=True, slots=True)
class RowRun:
    """What to train and test; small enough to be sent to a process.

    Attributes:
        paper, scale, row, seed: see :mod:`training.tables.papers`.
        also: further rows that evaluate the same weights in another way.
        data: what is learnt from, and tested on first.
        other_tests: further data sets to test on, without having learnt from them.
        runs: folder of all runs; a run that is complete there is not trained again.
        device: of torch.
        threads: of torch on a CPU.
        overrides: laid over every row of the scale.
    """

    paper: str
    scale: str
    row: str
    seed: int
    data: DataConfig
    runs: Path
    also: tuple[str, ...] = ()
    other_tests: tuple[DataConfig, ...] = ()
    device: str = "cpu"
    threads: int | None = None
    overrides: Mapping[str, object] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """For people: ``djl base, seed 0``."""
        return f"{self.paper} {self.row}, seed {self.seed}"

    @property
    def folder(self) -> RunFolder:
        """Where it is trained."""
        return RunFolder(self.runs.absolute() / f"{self.paper}-{self.scale}" / f"{self.row}-seed{self.seed}")

    def recipe(self, row: str) -> EmbeddingRecipe:
        """That a row is trained or evaluated by."""
        return overridden(PAPERS[self.paper].recipe(row, scale=self.scale, seed=self.seed), self.overrides)


def run_row(run: RowRun, listeners: Sequence[Listener] = ()) -> list[RowResult]:
    """Train the row from where it stands, and test it and the rows that share its weights. Blocking: minutes to hours.

    Raises:
        SightlineError: what can go wrong with the data, the losses or the folder.
    """
    recipe, data = run.recipe(run.row), _data(run, run.row, run.data)
    if run.threads is not None:
        torch.set_num_threads(run.threads)
    if not _is_complete(run.folder, recipe, data):
        job = Job(recipe, data, run.folder, Rhythm(evaluate_epochs=None), keep_last=1, threads=run.threads)
        run_job(job, World.alone(run.device), listeners=listeners)
    snapshot = read_snapshot(run.folder.weights.read_bytes(), run.folder.weights.name)
    return [_result(run, row, snapshot) for row in (run.row, *run.also)]


def _data(run: RowRun, row: str, data: DataConfig) -> DataConfig:
    return overridden(data, PAPERS[run.paper].rows[row].data)


def _is_complete(folder: RunFolder, recipe: EmbeddingRecipe, data: DataConfig) -> bool:
    """Whether the folder holds weights of this very run: training again would only change who made them."""
    if not folder.weights.is_file():
        return False
    made = read_snapshot(folder.weights.read_bytes(), folder.weights.name).identity
    same_recipe = made.recipe == recipe.model_dump(mode="json")
    return same_recipe and made.data == open_data(recipe, data, learning=False).training.fingerprint


def _result(run: RowRun, row: str, snapshot: Snapshot) -> RowResult:
    recipe = run.recipe(row)
    trained = describing(trained_of(snapshot, recipe))
    tests = [_tested(run, row, recipe, trained.system, data) for data in (run.data, *run.other_tests)]
    return RowResult(
        row=row,
        seed=run.seed,
        trained_on=tests[0][0],
        tested={name: figures for name, figures in tests if figures is not None},
        epochs=sum(phase.epochs for phase in recipe.phases),
        parameters=sum(each.numel() for each in trained.system.parameters()),
        seconds=round(_training_seconds(run.folder, recipe), 1),
        hardware=device_in_words(run.device, threads=run.folder.read_config()["threads"]),
        commit=trained.provenance["git_commit"],
        part_weights=trained.system.part_weights() if isinstance(trained.system, Djl) else {},
    )


def _tested(
    run: RowRun, row: str, recipe: EmbeddingRecipe, system: EmbeddingSystem, data: DataConfig
) -> tuple[str, SetFigures | None]:
    """A set's name, and the figures on it; None where it lacks what the system sees."""
    disturbance = PAPERS[run.paper].rows[row].test_disturbance
    evaluation = open_data(recipe, _data(run, row, data), learning=False, test_disturbance=disturbance).evaluation
    if not can_be_tested(system, evaluation):
        return evaluation.name, None
    return evaluation.name, figures_on(system, evaluation, recipe, torch.device(run.device))


def _training_seconds(folder: RunFolder, recipe: EmbeddingRecipe) -> float:
    """Of the steps, by the run's own record: pictures by pictures per second."""
    sizes = {phase.name: phase.sampling.batch_size for phase in recipe.phases}
    steps = (line for line in read_metrics(folder.metrics) if line["kind"] == STEP)
    return math.fsum(sizes[line["phase"]] / line["pictures_per_s"] for line in steps)
