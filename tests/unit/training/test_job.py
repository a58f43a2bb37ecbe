"""A whole run on a data set on the disk: its folder, its files, and what becomes of its weights."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from support.training_data import quick_recipe, write_market

from sightline.errors import ConfigurationError, InputError
from training.batch import Inputs
from training.data.config import DataConfig
from training.embedding_recipe import open_data
from training.job import Job, run_job
from training.loop import Rhythm
from training.metrics_log import read_metrics
from training.overrides import overridden
from training.recipes import RECIPES
from training.reports import EvaluationReport, StepReport
from training.run_folder import RunFolder
from training.trained import read_trained
from training.world import World

STEPS = 8


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_market(tmp_path_factory.mktemp("data") / "Tiny-1501")


def job_of(market: Path, folder: Path, **overrides: object) -> Job:
    recipe = overridden(quick_recipe(), overrides)
    return Job(recipe, DataConfig(path=market), RunFolder(folder), Rhythm(evaluate_epochs=1), threads=1)


def test_a_run_leaves_metrics_events_checkpoints_log_and_weights(market: Path, tmp_path: Path) -> None:
    job = job_of(market, tmp_path / "run")
    assert run_job(job, World())
    lines = read_metrics(job.folder.metrics)
    assert [line["step"] for line in lines if line["kind"] == "step"] == list(range(1, STEPS + 1))
    assert set(lines[0]["terms"]) == {"softmax", "triplet"}
    assert lines[0]["pictures_per_s"] > 0
    evaluations = [line for line in lines if line["kind"] == "evaluation"]
    assert [(line["step"], line["samples"]) for line in evaluations] == [(4, 8), (8, 8)]
    assert all(0 <= line["figures"]["mean_ap"] <= 1 for line in evaluations)
    assert any(path.stat().st_size for path in job.folder.tensorboard.iterdir())
    assert "8 identities" in job.folder.log.read_text()
    assert [entry.step for entry in job.folder.checkpoints().entries()] == [4, 8]
    trained = read_trained(job.folder.weights)
    assert (trained.recipe, trained.facts.classes, trained.step) == (job.recipe, 8, STEPS)
    assert trained.figures["mean_ap"] == evaluations[-1]["figures"]["mean_ap"]
    assert trained.provenance["torch"] == torch.__version__
    embeddings = trained.system.embed(Inputs(torch.zeros(2, 3, 32, 16, dtype=torch.uint8)))
    assert embeddings.shape == (2, 8)


def test_a_run_that_was_stopped_goes_on_where_it_was(market: Path, tmp_path: Path) -> None:
    whole = job_of(market, tmp_path / "whole")
    run_job(whole, World())
    job = job_of(market, tmp_path / "stopped")
    asked = iter([False] * 5 + [True])
    assert not run_job(job, World(), stop=lambda: next(asked))
    assert not job.folder.weights.exists()
    assert run_job(job, World())

    def losses(of: Job) -> list[tuple[int, float]]:
        return [(line["step"], line["loss"]) for line in read_metrics(of.folder.metrics) if line["kind"] == "step"]

    assert losses(job) == losses(whole)
    ours, theirs = (read_trained(each.folder.weights).system.state_dict() for each in (job, whole))
    assert all(torch.equal(value, theirs[name]) for name, value in ours.items())


def test_checkpoints_go_elsewhere_where_they_are_told(market: Path, tmp_path: Path) -> None:
    job = job_of(market, tmp_path / "run")
    folder = RunFolder(tmp_path / "run", checkpoints_url="memory://elsewhere")
    assert run_job(Job(job.recipe, job.data, folder, job.rhythm), World())
    assert not (tmp_path / "run" / "checkpoints").exists()
    assert [entry.step for entry in folder.checkpoints().entries()] == [4, 8]
    with pytest.raises(ConfigurationError, match="cannot be opened"):
        RunFolder(tmp_path, checkpoints_url="nothing://like/it").checkpoints()


def test_a_set_without_queries_is_trained_on_and_not_validated(
    market: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    alone = tmp_path / "alone"
    (alone / "query").mkdir(parents=True)
    (alone / "bounding_box_test").mkdir()
    (alone / "bounding_box_train").symlink_to(market / "bounding_box_train")
    job = job_of(alone, tmp_path / "run")
    with caplog.at_level(logging.WARNING):
        assert run_job(job, World())
    assert "nothing is validated" in caplog.text
    assert all(line["kind"] == "step" for line in read_metrics(job.folder.metrics))


def test_part_images_are_made_for_systems_that_need_them_alone(market: Path) -> None:
    plain = open_data(quick_recipe(), DataConfig(path=market))
    assert not plain.training.facts.part_images
    recipe = RECIPES["dsa_cpu"]
    assert not open_data(recipe, DataConfig(path=market)).training.facts.part_images, "there are no key points"


def test_listeners_hear_of_steps_and_evaluations(market: Path, tmp_path: Path) -> None:
    heard: list[int] = []

    class Listening:
        def on_steps(self, reports: Sequence[StepReport]) -> None:
            heard.extend(report.step for report in reports)

        def on_evaluation(self, report: EvaluationReport) -> None:
            heard.append(-report.step)

    run_job(job_of(market, tmp_path / "run"), World(), listeners=[Listening()])
    assert heard == [1, 2, 3, 4, -4, 5, 6, 7, 8, -8]


def test_the_configuration_of_a_run_is_written_and_read(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "runs" / "first")
    with pytest.raises(ConfigurationError, match="holds no training run"):
        folder.read_config()
    folder.write_config({"recipe": quick_recipe().model_dump(mode="json")})
    assert folder.read_config() == json.loads(folder.config.read_text())
    folder.config.write_text("{")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        folder.read_config()


def test_weights_of_something_else_are_refused(market: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_trained(tmp_path / "weights.pt")
    (tmp_path / "weights.pt").write_bytes(b"no weights")
    with pytest.raises(InputError, match="no checkpoint"):
        read_trained(tmp_path / "weights.pt")


def test_a_run_begins_with_the_weights_of_another_wherever_they_fit(market: Path, tmp_path: Path) -> None:
    run_job(job_of(market, tmp_path / "first"), World())
    first = read_trained(tmp_path / "first")
    more = write_market(tmp_path / "More-1501", people=11)
    still = {"phases.0.optimiser.lr": 1e-12, "ema": None}
    for start_from in (None, tmp_path / "first"):
        job = replace(job_of(more, tmp_path / f"from-{start_from is not None}", **still), start_from=start_from)
        assert run_job(job, World())
        trained, begun = read_trained(job.folder.path).system.state_dict(), first.system.state_dict()
        same = [
            torch.allclose(value, begun[name], atol=1e-6) for name, value in trained.items() if name.endswith("conv1.weight")
        ]
        assert same
        assert all(same) is (start_from is not None)
        assert next(len(value) for name, value in trained.items() if "classifier" in name) == 11
    log = job.folder.log.read_text()
    assert "begun with the weights of recipe baseline_cpu" in log
    assert "classifier" in log


def test_weights_of_another_architecture_are_no_beginning(market: Path, tmp_path: Path) -> None:
    run_job(job_of(market, tmp_path / "first"), World())
    other = job_of(market, tmp_path / "other", **{"system.backbone.channels": [5, 6, 7, 9], "system.descriptor": 7})
    with pytest.raises(ConfigurationError, match="of another architecture"):
        run_job(replace(other, start_from=tmp_path / "first"), World())
