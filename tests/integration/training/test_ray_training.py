"""Ray Train round the loop: the same losses as without it, whoever dies."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import psutil
import pytest
import torch
from support.processes import until
from support.training_data import quick_job, write_market
from support.training_process import Plan, Runner

from sightline.errors import ConfigurationError, TrainingError
from sightline.settings import Settings
from training.job import Job, run_job
from training.metrics_log import read_metrics
from training.ray_launch import Workers, launch
from training.trained import read_trained
from training.world import World

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_market(tmp_path_factory.mktemp("data") / "Tiny-1501")


def losses(job: Job) -> list[tuple[int, float]]:
    return [(line["step"], line["loss"]) for line in read_metrics(job.folder.metrics) if line["kind"] == "step"]


def weights(job: Job) -> dict[str, torch.Tensor]:
    return dict(read_trained(job.folder.weights).system.state_dict())


def same(first: Job, second: Job) -> bool:
    ours, theirs = weights(first), weights(second)
    return ours.keys() == theirs.keys() and all(torch.equal(value, theirs[name]) for name, value in ours.items())


def test_one_worker_on_ray_does_what_this_process_does(ray_settings: Settings, market: Path, tmp_path: Path) -> None:
    here, there = quick_job(market, tmp_path / "here"), quick_job(market, tmp_path / "there")
    threads = torch.get_num_threads()
    assert run_job(here, World())
    torch.set_num_threads(threads)
    launch(there, Workers(1), ray_settings)
    assert len(losses(here)) == 8
    assert losses(there) == losses(here)
    assert same(there, here)
    evaluations = [
        [
            (line["step"], line["figures"]["mean_ap"])
            for line in read_metrics(job.folder.metrics)
            if line["kind"] == "evaluation"
        ]
        for job in (here, there)
    ]
    assert evaluations[0] == evaluations[1]


def worker_that_writes(file: Path) -> psutil.Process | None:
    """The Ray worker that has this file open."""
    for process in psutil.process_iter(["cmdline"]):
        if "RayTrainWorker" in " ".join(process.info["cmdline"] or ()):
            try:
                if any(opened.path == str(file) for opened in process.open_files()):
                    return process
            except psutil.NoSuchProcess:
                continue
    return None


def test_workers_go_on_after_one_was_killed_as_if_it_had_not_been(ray_settings: Settings, market: Path, tmp_path: Path) -> None:
    values: dict[str, object] = {"phases.0.epochs": 20}
    whole, killed = (quick_job(market, tmp_path / name, **values) for name in ("whole", "killed"))
    runner = Runner()  # two processes without Ray
    assert runner.run(Plan(str(whole.folder.path), values, str(market), workers=2)) == 0
    runner.close()
    steps = len(losses(whole))
    assert steps == 80
    victims: list[int] = []

    def kill() -> None:
        until(lambda: len(losses(killed)) >= 20, timeout_s=400, what="some steps", every_s=0.02)
        process = worker_that_writes(killed.folder.log)
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)
        victims.append(len(losses(killed)))

    killer = threading.Thread(target=kill)
    killer.start()
    launch(killed, Workers(2), ray_settings)
    killer.join()
    assert victims, "nobody was killed"
    assert victims[0] < steps, "it was killed after its end"
    assert killed.folder.log.read_text().count("identities to learn from") == 2, "two groups of workers trained"
    assert losses(killed) == losses(whole)
    assert same(killed, whole)


def test_what_would_fail_again_is_named_and_not_tried_again(ray_settings: Settings, market: Path, tmp_path: Path) -> None:
    missing = quick_job(tmp_path / "nowhere", tmp_path / "missing")
    with pytest.raises(ConfigurationError, match="there is no data set"):
        launch(missing, Workers(2), ray_settings)
    wild = quick_job(market, tmp_path / "wild", **{"phases.0.optimiser.lr": 1e30})
    with pytest.raises(TrainingError, match="not finite at step"):
        launch(wild, Workers(1), ray_settings)
    assert wild.folder.log.read_text().count("identities to learn from") == 1
