"""`sightline train` as a person uses it, on a made-up data set, in this process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.training_data import QUICK, write_market
from typer.testing import CliRunner, Result

from sightline.cli.app import app
from sightline.errors import ConfigurationError, SightlineError
from training.metrics_log import read_metrics

STEPS = 8


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_market(tmp_path_factory.mktemp("data") / "Tiny-1501")


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def sightline(*arguments: str | Path, code: int = 0) -> Result:
    result = CliRunner().invoke(app, ["train", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result


def refused(*arguments: str | Path) -> str:
    result = CliRunner().invoke(app, ["train", *map(str, arguments)])
    assert isinstance(result.exception, SightlineError), result.output
    return str(result.exception)


def quick(market: Path, **overrides: Any) -> list[str | Path]:
    values = [f"{name}={json.dumps(value)}" for name, value in (QUICK | overrides).items()]
    sets = [part for value in values for part in ("--set", value)]
    return ["--recipe", "baseline_cpu", "--data", market, "--threads", "1", *sets]


def test_a_run_says_what_came_of_it_and_keeps_what_it_was_told(market: Path, tmp_path: Path) -> None:
    result = sightline(*quick(market), "--evaluate-every", "1", "--set", "data.broken=skip")
    folder = tmp_path / "runs" / "baseline_cpu"
    assert "rank-1 / mAP, %: " in result.stdout
    assert str(folder / "weights.pt") in result.stdout
    for text in ("epoch 1/2, step 4: loss", "softmax", "pictures/s", "mAP", "over 8 queries"):
        assert text in result.stderr
    told = json.loads((folder / "config.json").read_text())
    assert told["recipe"]["system"]["descriptor"] == 8
    assert (told["data"]["path"], told["data"]["broken"]) == (str(market), "skip")
    assert (told["workers"], told["threads"], told["rhythm"]["evaluate_epochs"]) == (0, 1, 1)
    assert told["provenance"]["torch"]


def forget_last_checkpoint(folder: Path) -> None:
    """As a kill before it leaves the folder."""
    index = folder / "checkpoints" / "index.json"
    kept = json.loads(index.read_text())
    index.write_text(json.dumps(kept | {"checkpoints": kept["checkpoints"][:-1]}))


def test_resume_needs_nothing_but_the_folder(market: Path, tmp_path: Path) -> None:
    sightline(*quick(market), "--output", "whole")
    sightline(*quick(market), "--output", "part", "--checkpoint-steps", "3")
    forget_last_checkpoint(tmp_path / "part")
    sightline("--resume", "--output", "part")

    def losses(folder: str) -> list[tuple[int, float]]:
        return [(line["step"], line["loss"]) for line in read_metrics(tmp_path / folder / "metrics.jsonl") if "loss" in line]

    assert losses("part") == losses("whole")
    assert len(losses("whole")) == STEPS


def test_a_run_is_not_overwritten_and_not_resumed_as_another(market: Path, tmp_path: Path) -> None:
    sightline(*quick(market), "--output", "run")
    told = (tmp_path / "run" / "config.json").read_text()
    assert "--resume" in refused(*quick(market), "--output", "run")
    assert "seed: 0, now 4" in refused("--resume", "--output", "run", "--set", "seed=4")
    assert "is of recipe 'baseline_cpu'" in refused("--resume", "--output", "run", "--recipe", "dsa")
    assert (tmp_path / "run" / "config.json").read_text() == told
    forget_last_checkpoint(tmp_path / "run")
    sightline("--resume", "--output", "run", "--set", "phases.0.epochs=3", "--force")
    steps = [line["step"] for line in read_metrics(tmp_path / "run" / "metrics.jsonl") if line["kind"] == "step"]
    assert steps == list(range(1, 13))


def test_what_failed_before_its_first_step_may_be_tried_again(market: Path, tmp_path: Path) -> None:
    assert "there is no data set" in refused(*quick(tmp_path / "markt"), "--output", "run")
    sightline(*quick(market), "--output", "run")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--recipe", "djl", "--data", "d"], "did you mean 'djl_"),
        (["--recipe", "baseline", "--data", "d", "--set", "phases.0.epoch=1"], "did you mean 'epochs'"),
        (["--recipe", "baseline", "--data", "d", "--set", "data.brokn=skip"], "did you mean 'broken'"),
        (["--recipe", "baseline", "--data", "d", "--set", "epochs"], "NAME=VALUE"),
        (["--recipe", "baseline", "--data", "d", "--device", "gpu"], "did you mean 'cpu'|there are: cpu"),
        (["--recipe", "baseline", "--data", "d", "--checkpoints", "nothing://here"], "cannot be opened"),
        (["--resume", "--output", "nowhere"], "holds no training run"),
    ],
)
def test_what_is_wrong_is_named_with_the_next_step(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(app, ["train", *arguments])
    with pytest.raises(ConfigurationError, match=message):
        raise result.exception or AssertionError(result.output)


@pytest.mark.parametrize(
    "arguments", [[], ["--recipe", "baseline"], ["--resume"], ["--recipe", "baseline", "--data", "d", "--force"]]
)
def test_wrong_usage_ends_with_2(arguments: list[str]) -> None:
    assert sightline(*arguments, code=2).exit_code == 2


def test_the_list_names_every_recipe() -> None:
    listed = sightline("--list").stdout
    for name in ("djl_hfa", "lrdnn", "dsa", "deep_person", "joint_loss", "baseline", "baseline_cpu"):
        assert name in listed


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins

    real = builtins.__import__

    def missing(name: str, *arguments: Any, **keywords: Any) -> Any:
        if name.partition(".")[0] == "training":
            raise ModuleNotFoundError("No module named 'torch'", name="torch")
        return real(name, *arguments, **keywords)

    monkeypatch.setattr(builtins, "__import__", missing)
    assert "sightline[training]" in refused("--list")
