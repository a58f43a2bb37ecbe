"""``sightline models promote | rollback | diff`` where no server runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support.labelled_people import write_people
from support.served_models import add_detector, add_embedder
from typer.testing import CliRunner

from sightline.cli.app import app
from sightline.cli.models_promote import _require_no_drop
from sightline.errors import ConfigurationError, ModelError
from sightline.models.adding import install_model
from sightline.models.live import LiveModels
from sightline.models.repository import ModelRepository
from sightline.settings import load_settings

Run = Callable[..., str]


@pytest.fixture
def models(tmp_path: Path) -> ModelRepository:
    """Two detectors and two embedders of one's own."""
    repository = ModelRepository([tmp_path / "state" / "models"])
    add_detector(repository, "finder_a")
    add_detector(repository, "finder_b")
    add_embedder(repository, "reid_a", seed=1, terms="MIT")
    add_embedder(repository, "reid_b", seed=2, dimension=48)
    return repository


@pytest.fixture
def run(tmp_path: Path, models: ModelRepository, monkeypatch: pytest.MonkeyPatch) -> Run:
    """``run("promote", "reid_a")``: stdout of the command."""
    monkeypatch.setenv("SIGHTLINE_LOCAL__STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setattr("sightline.settings.tree.PACKAGED_MODELS", tmp_path / "shipped")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, exit_code: int = 0) -> str:
        result = CliRunner().invoke(app, ["models", *arguments], catch_exceptions=False)
        assert result.exit_code == exit_code, result.output
        return str(result.stdout)

    return run


def test_a_detector_takes_over_for_new_frames_and_goes_back(run: Run) -> None:
    assert "finder_a version 1 is live" in run("promote", "finder_a")
    said = run("promote", "finder_b")
    assert "new frames only" in said
    assert "`sightline up` starts them with it" in said
    assert load_settings().pipeline.detector.model == "finder_b"
    assert [model["live"] for model in json.loads(run("list", "--json"))["models"]] == [False, True, False, False]
    run("rollback", "detector")
    assert load_settings().pipeline.detector.model == "finder_a"
    run("rollback", "detector")
    assert load_settings().pipeline.detector.model == "finder_b"


def test_there_must_be_something_to_go_back_to(run: Run, models: ModelRepository) -> None:
    with pytest.raises(ConfigurationError, match="no embedder to go back to"):
        run("rollback")
    run("promote", "finder_a")
    run("promote", "finder_b")
    add_detector(models, "finder_a", boxes=[(1, 2, 30, 40)])
    with pytest.raises(ModelError, match=r"other weights now.*promote finder_a"):
        run("rollback", "detector")


def test_an_embedder_waits_for_the_stack_once_there_is_something_to_embed_again(
    run: Run, models: ModelRepository, tmp_path: Path
) -> None:
    run("promote", "reid_a")
    assert load_settings().pipeline.embedder.model == "reid_a"
    with pytest.raises(ConfigurationError, match="must be embedded again, and nothing runs"):
        run("promote", "reid_b")
    assert load_settings().pipeline.embedder.model == "reid_a"


def test_a_model_that_a_person_set_is_not_promoted_over(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sightline.yaml").write_text("pipeline: {detector: {model: finder_a}}\n")
    with pytest.raises(ConfigurationError, match=r"pipeline\.detector\.model is set to 'finder_a'"):
        run("promote", "finder_b")
    run("promote", "finder_a")
    monkeypatch.setenv("SIGHTLINE_PIPELINE__DETECTOR__MODEL", "finder_b")
    with pytest.raises(ConfigurationError, match="set to 'finder_b'"):
        run("promote", "finder_a")


def test_what_does_not_do_what_its_spec_says_is_refused(run: Run, models: ModelRepository, tmp_path: Path) -> None:
    models.find("finder_b").onnx.write_bytes(b"changed")
    with pytest.raises(ModelError, match="was changed"):
        run("promote", "finder_b")
    assert LiveModels(tmp_path / "state").of("detector") is None


def test_a_live_embedder_keeps_its_name_to_itself(run: Run, models: ModelRepository) -> None:
    spec = models.find("reid_a").spec
    onnx = models.find("reid_a").onnx.read_bytes()
    with pytest.raises(ConfigurationError, match="reid_a is live: give this one another name"):
        install_model(models, spec.model_copy(update={"sha256": "1" * 64}), b"other", live={"reid_a"})
    assert models.find("reid_a").onnx.read_bytes() == onnx
    assert install_model(models, spec, onnx, live={"reid_a"}) == (models.find("reid_a"), False)


def test_what_is_live_is_not_removed(run: Run) -> None:
    run("promote", "finder_a")
    with pytest.raises(ConfigurationError, match="finder_a is live"):
        run("remove", "finder_a")
    run("remove", "finder_b")


def test_two_models_side_by_side(run: Run, models: ModelRepository) -> None:
    (models.find("reid_b").folder / "README.md").write_text("# reid_b\n\n## Figures\n\nrank-1 12.3 % on our hall\n")
    said = run("diff", "reid_a", "reid_b")
    assert "rank-1 12.3 % on our hall" in said
    document = json.loads(run("diff", "reid_a", "reid_b", "--json"))
    assert document["differs"]["terms"] == ["MIT", ""]
    assert document["differs"]["outputs"][1].startswith("embedding float32 [48]")
    assert "kind" not in document["differs"]
    assert document["card_figures"] == ["", "rank-1 12.3 % on our hall"]
    assert (document["labelled"], document["neighbours"]) == (None, None)


def test_a_model_that_is_worse_on_labelled_people_is_refused_with_the_numbers(
    run: Run, models: ModelRepository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    people = write_people(tmp_path / "people")
    good, blind = models.find("reid_a"), add_embedder(models, "reid_blind", dimension=1)
    with pytest.raises(ModelError, match=r"reid_blind is refused: mAP on people: [\d.]+ % before, [\d.]+ % now"):
        _require_no_drop(load_settings(), good, blind, people, 0.01)
    _require_no_drop(load_settings(), blind, good, people, 0.0)
    assert "mAP on people" in capsys.readouterr().out
    figures = json.loads(run("diff", "reid_a", "reid_blind", "--data", str(people), "--json"))["labelled"]
    assert figures[0]["mAP"] > figures[1]["mAP"]
