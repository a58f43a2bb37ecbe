"""A training run as one value that can be sent to any worker, and what each worker does with it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import torch

from sightline.errors import ConfigurationError
from training.data.config import DataConfig
from training.data.finding import Report, silent
from training.identity import provenance
from training.loop import Loop, Rhythm
from training.metrics_log import MetricsLog
from training.recipe import Recipe
from training.reports import Listener, Listeners
from training.run_folder import RunFolder
from training.tensorboard_log import TensorBoardLog
from training.trained import read_any_trained
from training.world import World

T = TypeVar("T")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """One run.

    Attributes:
        recipe: what is trained, and how.
        data: what it learns from and is validated on.
        folder: where the run is kept. All workers reach it; the first one writes.
        rhythm: how often what happens.
        keep_last: checkpoints beside the best one.
        threads: of torch's operations on a CPU, on each worker; None = torch's own choice. With another number of them sums
            are not the same to the last bit.
        start_from: a weights.pt, a checkpoint or a complete run to begin with, wherever names and shapes are the same; of a run
            that goes on it is not asked.
        force: go on even from checkpoints of another run.
        told: what else its ``config.json`` says.
    """

    recipe: Recipe
    data: DataConfig
    folder: RunFolder
    rhythm: Rhythm = field(default_factory=Rhythm)
    keep_last: int = 2
    threads: int | None = None
    start_from: Path | None = None
    force: bool = False
    told: Mapping[str, Any] = field(default_factory=dict)

    def config(self) -> dict[str, Any]:
        """What ``config.json`` says: all of it, as plain values."""
        return {
            "recipe": self.recipe.model_dump(mode="json"),
            "data": self.data.model_dump(mode="json"),
            "rhythm": asdict(self.rhythm),
            "checkpoints": self.folder.checkpoints_url,
            "threads": self.threads,
            "start_from": str(self.start_from) if self.start_from else None,
            **self.told,
            "provenance": provenance(),
        }


def run_job(
    job: Job,
    world: World,
    *,
    listeners: Sequence[Listener] = (),
    report: Report = silent,
    stop: Callable[[], bool] = lambda: False,
) -> bool:
    """Train to the end, from the folder's last checkpoint where there is one; False = it was asked to stop.

    Args:
        job: the run.
        world: this worker; with more than one, their process group is made.
        listeners: hear of it on this worker, beside the run's folder.
        report: told how far the reading of the data is.
        stop: see :meth:`training.loop.Loop.run`.

    Raises:
        SightlineError: what can go wrong with recipe, data, losses or the checkpoints' store. With several workers every
            one of them raises the ConfigurationError or TrainingError of any.
    """
    if job.threads is not None:
        torch.set_num_threads(job.threads)
    if world.device.type == "cuda":
        torch.cuda.set_device(world.device)  # collective operations on plain values go through it
        torch.backends.cudnn.deterministic = True
    with _logged(job.folder, world):
        loop = _agreed(world, lambda: _made_loop(job, world, report))
        if not loop.resume(force=job.force) and job.start_from is not None:
            _start_from(loop, job.start_from)
        if world.is_first:
            job.folder.write_config(job.config())  # now that nothing is wrong with it
        with _recorded(job.folder, world, step=loop.state.position.step) as recorders:
            complete = loop.run(listener=Listeners([*recorders, *listeners]), stop=stop)
        if complete and world.is_first:
            job.folder.write_weights(loop.weights())
    return complete


def _made_loop(job: Job, world: World, report: Report) -> Loop:
    data = job.recipe.open(job.data, device=world.device, report=report)
    checkpoints = job.folder.checkpoints(keep_last=job.keep_last)
    return Loop(job.recipe, data.training, checkpoints=checkpoints, validation=data.validation, rhythm=job.rhythm, world=world)


def _start_from(loop: Loop, path: Path) -> None:
    trained = read_any_trained(path)
    random = loop.state.start_from(trained.system.state_dict())
    logger.info(
        "begun with the weights of recipe %s, step %d; at random: %s", trained.recipe.name, trained.step, random or "none"
    )


def _agreed(world: World, make: Callable[[], T]) -> T:
    """What ``make`` gives, if it succeeds on every worker: those that succeed must not wait for one that failed.

    Raises:
        ConfigurationError: of the first worker that failed.
    """
    made, failure = None, None
    try:
        made = make()
    except ConfigurationError as error:
        failure = error
    failures = [each for each in world.gather(failure) if each is not None]
    if failures:
        raise failures[0]
    assert made is not None
    return made


@contextmanager
def _recorded(folder: RunFolder, world: World, *, step: int) -> Iterator[list[Listener]]:
    """What writes the run's files, on the first worker."""
    if not world.is_first:
        yield []
        return
    with closing(TensorBoardLog(folder.tensorboard, step=step)) as tensorboard:
        yield [MetricsLog(folder.metrics, step=step), tensorboard]


@contextmanager
def _logged(folder: RunFolder, world: World) -> Iterator[None]:
    """The first worker's log goes to the run's folder as well."""
    if not world.is_first:
        yield
        return
    folder.path.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(folder.log)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    ours = logging.getLogger("training")
    level = ours.level
    ours.addHandler(handler)
    ours.setLevel(logging.INFO)
    try:
        yield
    finally:
        ours.setLevel(level)
        ours.removeHandler(handler)
        handler.close()
