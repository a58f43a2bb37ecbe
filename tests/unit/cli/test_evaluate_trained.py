"""``sightline evaluate`` of what a training run left."""

from __future__ import annotations

import builtins
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.training_data import quick_job, write_market
from typer.testing import CliRunner

from sightline.cli.app import app
from sightline.errors import ConfigurationError
from training.job import run_job
from training.trained import read_trained
from training.world import World

Evaluate = Callable[[str], tuple[int, str, BaseException | None]]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the data ``market`` and the run ``run``."""
    folder = tmp_path_factory.mktemp("place")
    job = quick_job(write_market(folder / "market"), folder / "run", **{"test_flip": True})
    assert run_job(job, World())
    return folder


@pytest.fixture
def evaluate(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Evaluate:
    """``evaluate(arguments)`` in that folder: exit code, stdout and error."""
    monkeypatch.setenv("SIGHTLINE_LOCAL__STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.chdir(place)

    def run(arguments: str) -> tuple[int, str, BaseException | None]:
        result = CliRunner().invoke(app, ["evaluate", "--data", "market", "--threads", "1", *arguments.split()])
        return result.exit_code, result.stdout, result.exception

    return run


def test_run_weights_and_checkpoint_say_what_the_validation_said(evaluate: Evaluate, place: Path) -> None:
    figures = read_trained(place / "run").figures
    newest = max((place / "run" / "checkpoints").glob("*.pt"))
    for model in ("run", "run/weights.pt", f"run/checkpoints/{newest.name}"):
        code, out, _ = evaluate(f"--model {model} --device cpu --json")
        document = json.loads(out)
        assert code == 0
        assert document["rank_1"] == figures["rank1"]
        assert document["mean_ap"] == pytest.approx(figures["mean_ap"], abs=1e-9)
        assert document["options"]["flip"] is True


def test_every_option_at_once(evaluate: Evaluate, tmp_path: Path) -> None:
    options = (
        "--no-flip --batch-size 3 --metric cosine --protocol cuhk03 --max-rank 5 --multi-query average --query-camera 1 "
        "--gallery-camera 2 --rerank --seed 3 --pictures 2 --figures"
    )
    code, out, error = evaluate(f"--model run --json --output {tmp_path / 'report'} {options}")

    assert code == 0, error
    document = json.loads(out)
    assert document["options"]["flip"] is False
    assert document["reranked"] is True
    assert len(document["cmc"]) == 5
    figures = tmp_path / "report" / "figures"
    assert sorted(path.name for path in figures.iterdir()) == [
        "feature_maps",
        "right_match_ranks.json",
        "right_match_ranks.png",
    ]
    assert len(list((figures / "feature_maps").iterdir())) == 2
    assert len(list((tmp_path / "report" / "ranked").iterdir())) == 2
    assert (tmp_path / "report" / "cmc.png").is_file()


def test_data_of_another_layout(evaluate: Evaluate, place: Path) -> None:
    for path in [*(place / "market" / "query").iterdir(), *(place / "market" / "bounding_box_test").iterdir()]:
        person, camera = path.name.split("_")[:2]
        target = place / "folders" / person / f"{camera}_{path.parent.name}.jpg"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)

    code, out, error = evaluate("--model run --data folders --pictures 1 --output folders_report --json")

    assert code == 0, error
    assert json.loads(out)["data"]["name"] == "folders"
    assert len(list((place / "folders_report" / "ranked").iterdir())) == 1
    _, _, error = evaluate("--model run --data run")
    assert isinstance(error, ConfigurationError)
    assert "is no data set" in str(error)


def test_without_torch_it_says_what_to_install(evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *arguments: Any, **keywords: Any) -> Any:
        if name == "training.trained_embedder":
            raise ModuleNotFoundError("No module named 'torch'", name="torch")
        return real(name, *arguments, **keywords)

    monkeypatch.setattr(builtins, "__import__", missing)
    code, _, error = evaluate("--model run")
    assert code == 1
    assert isinstance(error, ConfigurationError)
    assert "evaluating trained weights needs packages" in str(error)
    assert "sightline[training]" in str(error)


def test_a_device_that_is_not_there_is_named(evaluate: Evaluate) -> None:
    code, _, error = evaluate("--model run --device cuda:77")
    assert code == 1
    assert isinstance(error, ConfigurationError)
    assert "cuda:77" in str(error)
