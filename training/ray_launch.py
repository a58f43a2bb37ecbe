"""Ray Train round the loop: the same job on several workers, which may die.

A worker that is killed takes its group with it; Ray starts another group, and the job goes on from its last checkpoint. What
would fail again (a wrong setting, a loss that is not finite) is not tried again.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psutil
import ray
import ray.train
from ray.train import FailureConfig, RunConfig, ScalingConfig, TrainingFailedError
from ray.train.torch import TorchConfig, TorchTrainer, get_device

from sightline.adapters.ray.cluster import connect
from sightline.errors import ConfigurationError, ServiceUnavailable, SightlineError, TrainingError
from sightline.settings import Settings
from training.job import Job, run_job
from training.reports import EvaluationReport, StepReport
from training.world import World

SERVICE = "ray"
_STORE = "ray"
_LOOPBACK = "127.0.0.1"
_OBJECT_STORE_BYTES = 200_000_000
_POLL_VARIABLE = "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S"
_POLL_S = "0.25"
"""How often Ray looks after its workers: a report waits until the one before it was seen."""

_STARTS = 3
"""How often a Ray of this machine is started: it gives up after 30 s, which a busy machine may need longer than."""

_COLLECTIVE_TIMEOUT_S = 3600
"""How long workers wait for the first one, which evaluates alone."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Workers:
    """What a job runs on.

    Attributes:
        count: how many share each batch.
        gpu: each has a GPU (nccl); else each has a CPU (gloo).
        max_failures: how often a group of workers may die before the run is given up.
    """

    count: int = 1
    gpu: bool = False
    max_failures: int = 8


def launch(job: Job, workers: Workers, settings: Settings) -> None:
    """Train to the end on the Ray cluster of ``ray.address``; without one, on a Ray of this machine, for as long as it takes.

    Blocks. The job's folder, its data and its checkpoints must be reached under the same paths by all workers.

    Raises:
        SightlineError: as :func:`training.job.run_job` raises it.
        ServiceUnavailable: Ray does not answer, or its workers died too often.
    """
    os.environ.setdefault(_POLL_VARIABLE, _POLL_S)
    with _joined(settings, workers):
        trainer = TorchTrainer(
            _work,
            train_loop_config={"job": job},
            torch_config=TorchConfig(backend="nccl" if workers.gpu else "gloo", timeout_s=_COLLECTIVE_TIMEOUT_S),
            scaling_config=ScalingConfig(num_workers=workers.count, use_gpu=workers.gpu),
            run_config=RunConfig(
                name=job.folder.path.name,
                storage_path=str(job.folder.path / _STORE),
                failure_config=FailureConfig(max_failures=workers.max_failures),
            ),
        )
        try:
            result = trainer.fit()
        except (TrainingFailedError, ray.exceptions.RayError) as error:
            raise _named(error) from error
    if isinstance(result.return_value, SightlineError):
        raise result.return_value


def _work(config: dict[str, Any]) -> SightlineError | None:
    """What each worker does; an error that would come again is its result, so that Ray does not try again."""
    context = ray.train.get_context()
    world = World(context.get_world_rank(), context.get_world_size(), get_device())
    try:
        run_job(config["job"], world, listeners=[_RayReports()])
    except (ConfigurationError, TrainingError) as error:
        return error
    return None


class _RayReports:
    """Tells Ray how far the run is, at the end of each epoch. See :class:`training.reports.Listener`.

    Ray lets workers wait for one another when they report: each reports the same steps.
    """

    def on_steps(self, reports: Sequence[StepReport]) -> None:
        for report in reports:
            if report.batch == report.batches:
                terms = {f"loss/{name}": value for name, value in report.terms.items()}
                ray.train.report({"step": report.step, "phase": report.phase, "loss": report.loss, **terms})

    def on_evaluation(self, report: EvaluationReport) -> None:
        """Nothing: only the first worker hears of it."""


@contextmanager
def _joined(settings: Settings, workers: Workers) -> Iterator[None]:
    """In a cluster, and out again unless this process was in it before."""
    before = ray.is_initialized()
    if settings.ray.address:
        connect(settings)
    elif not before:
        _start_here(workers)
    try:
        yield
    finally:
        if not before:
            ray.shutdown()


def _start_here(workers: Workers) -> None:
    """A Ray of this machine alone. On loopback, so it asks for no token, and is not rewritten to an outward address."""
    os.environ.setdefault("RAY_AUTH_MODE", "disabled")
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # despite its name: a cluster of this machine alone
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    for attempt in range(1, _STARTS + 1):
        before = _children()
        try:
            ray.init(
                address="local",
                num_cpus=max(workers.count, os.cpu_count() or 1),
                include_dashboard=False,
                object_store_memory=_OBJECT_STORE_BYTES,
                log_to_driver=False,
                configure_logging=False,
                _node_ip_address=_LOOPBACK,
            )
        except Exception as error:  # Ray says with a bare Exception that a busy machine took longer than its 30 s
            _end(_children() - before)
            if attempt == _STARTS:
                raise ServiceUnavailable(SERVICE, f"Ray does not start on this machine: {error}") from error
            logger.info("Ray did not start (%s): once more", error)
        else:
            return


def _children() -> set[psutil.Process]:
    return set(psutil.Process().children(recursive=True))


def _end(processes: set[psutil.Process]) -> None:
    """What a start that failed has left."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(processes, timeout=10)


def _named(error: Exception) -> SightlineError:
    """The error of ours that ended a worker, if one did; else that workers or Ray died."""
    for failure in getattr(error, "worker_failures", {}).values():
        if isinstance(failure, SightlineError):
            return failure
    return ServiceUnavailable(
        SERVICE, f"the run was given up ({error}); it goes on from its last checkpoint when it is resumed"
    )
