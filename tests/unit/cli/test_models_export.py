"""``sightline models export``: from a run's folder to a model that evaluates as the run did."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.training_data import quick_job, write_market
from typer.testing import CliRunner

from sightline.cli.app import app
from sightline.errors import ConfigurationError, SightlineError
from sightline.spec import ModelSpec
from training.job import run_job
from training.world import World

Run = Callable[..., tuple[int, str, BaseException | None]]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("place")
    assert run_job(quick_job(write_market(folder / "market"), folder / "run"), World())
    return folder


@pytest.fixture
def export(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """``export(arguments)`` in that folder: exit code, output and error."""
    monkeypatch.setenv("SIGHTLINE_LOCAL__STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("SIGHTLINE_TRITON__MODEL_REPOSITORIES", f'["{tmp_path}/repository"]')
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.chdir(place)

    def run(*arguments: str) -> tuple[int, str, BaseException | None]:
        result = CliRunner().invoke(app, ["models", "export", *arguments])
        return result.exit_code, result.output, result.exception

    return run


def test_a_run_becomes_a_model_and_the_same_run_no_new_version(export: Run, tmp_path: Path) -> None:
    for word in ("Added", "Unchanged:"):
        code, out, _ = export("run", "--name", "reid_tiny", "--data", "market", "--terms", "research use")
        assert code == 0
        assert "ok  torch and ONNX Runtime: lowest cosine" in out
        assert f"{word} reid_tiny version 1" in out
        assert "Triton is not running" in out
    spec = ModelSpec.read(tmp_path / "repository" / "reid_tiny")
    assert (spec.kind, spec.inputs[0].shape, spec.terms) == ("embedder", (-1, 32, 16, 3), "research use")
    code, out, _ = export("run/weights.pt", "--name", "reid_tiny", "--data", "market", "--flip")
    assert code == 0
    assert "Added reid_tiny version 2" in out


def test_a_model_goes_into_another_repository(export: Run, tmp_path: Path) -> None:
    code, _, _ = export("run", "--name", "reid_other", "--data", "market", "--folder", f"{tmp_path}/elsewhere")
    assert code == 0
    assert (tmp_path / "elsewhere" / "reid_other" / "1" / "model.onnx").is_file()
    assert not (tmp_path / "repository").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nowhere", "--name", "reid_x", "--data", "market"), "nowhere"),
        (("run", "--name", "reid_x", "--data", "nothing"), "nothing"),
        (("market", "--name", "reid_x", "--data", "market"), "weights.pt"),
    ],
)
def test_what_is_missing_is_named_and_nothing_is_kept(
    export: Run, tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    code, _, error = export(*arguments)
    assert code != 0
    assert isinstance(error, SightlineError)
    assert isinstance(error, ConfigurationError)
    assert says in str(error)
    assert not (tmp_path / "repository").exists()
