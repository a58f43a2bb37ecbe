"""The command that makes a shipped model again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from sightline.cli.app import app
from sightline.models.card import read_card
from sightline.models.shipping import bundle
from sightline.settings import PACKAGED_MODELS
from training.overrides import overridden
from training.recipes.by_name import recipe_named
from training.shipped import __main__ as command
from training.shipped.steps import MODELS, Step, steps_of


def steps(name: str, folder: Path) -> list[Step]:
    return steps_of(name, data=folder / "data", runs=folder / "runs", repository=folder / "models", threads=1)


def lay_out(name: str, data: Path) -> None:
    """Files where the research data would be."""
    for file in MODELS[name].data:
        (data / file).parent.mkdir(parents=True, exist_ok=True)
        (data / file).touch()


def test_each_shipped_model_has_its_steps_and_its_card_tells_the_command() -> None:
    assert {model.spec.name for model in bundle(PACKAGED_MODELS)} == set(MODELS)
    for name in MODELS:
        assert f"python -m training.shipped {name} " in read_card(PACKAGED_MODELS / name)["Recipe"]


@pytest.mark.parametrize("name", MODELS)
def test_recipes_and_their_settings_are_known(name: str) -> None:
    for training in MODELS[name].trainings:
        overridden(recipe_named(MODELS[name].recipe), {key: yaml.safe_load(value) for key, value in training.settings.items()})


@pytest.mark.parametrize("name", MODELS)
def test_the_command_line_takes_every_step(name: str, tmp_path: Path) -> None:
    lay_out(name, tmp_path / "data")
    for step in steps(name, tmp_path):
        for arguments in (step.command, step.resumed or ()):
            group, rest = get_command(app), list(arguments)
            while rest and hasattr(group, "commands"):
                group = group.commands[rest.pop(0)]
            if rest:
                group.make_context("sightline", rest).close()
        if step.made is not None:
            step.made.parent.mkdir(parents=True, exist_ok=True)


def test_what_was_done_is_left_out_and_what_was_cut_off_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[tuple[str, ...]] = []
    fails: set[str] = {"second"}

    def run(arguments: list[str], *, check: bool) -> subprocess.CompletedProcess[str]:
        assert not check
        sightline, *rest = arguments
        assert Path(sightline).name == "sightline"
        taken.append(tuple(rest))
        status = next((1 for name in fails if any(part.endswith(f"--output={home / name}") for part in rest)), 0)
        for step in planned:
            if tuple(rest) in {step.command, step.resumed} and step.made is not None:
                step.made.parent.mkdir(parents=True, exist_ok=True)
                if step.kept is not None:
                    step.kept.parent.mkdir(exist_ok=True)
                    step.kept.touch()
                if not status:
                    step.made.write_text("made")
        return subprocess.CompletedProcess(rest, status)

    home = tmp_path / "runs" / "densepose"
    lay_out("densepose", tmp_path / "data")
    planned = steps("densepose", tmp_path)
    synthesize, first, second, export = planned
    monkeypatch.setattr(command.subprocess, "run", run)
    told = ["densepose", "--data", str(tmp_path / "data"), "--runs", str(tmp_path / "runs"), "--threads", "1"]
    monkeypatch.setattr(sys, "argv", ["shipped", *told, "--repository", str(tmp_path / "models")])
    assert command.main() == 1
    assert taken == [synthesize.command, first.command, second.command]
    taken.clear()
    fails.clear()
    assert command.main() == 0
    assert taken == [second.resumed, export.command]


def test_synthetic_people_that_were_cut_off_are_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out("keypoints", tmp_path)
    left = tmp_path / "runs" / "keypoints" / "synthetic"
    left.mkdir(parents=True)
    (left / "half").touch()

    def run(_arguments: list[str], *, check: bool) -> subprocess.CompletedProcess[str]:
        assert not check
        assert not left.exists()
        return subprocess.CompletedProcess([], 3)

    monkeypatch.setattr(command.subprocess, "run", run)
    monkeypatch.setattr(sys, "argv", ["shipped", "keypoints", "--data", str(tmp_path), "--runs", str(tmp_path / "runs")])
    assert command.main() == 3


def test_a_training_that_kept_nothing_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out("keypoints", tmp_path)
    planned = steps_of("keypoints", data=tmp_path, runs=tmp_path / "runs", repository=tmp_path / "runs" / "models")
    synthesize, train, _ = planned
    assert synthesize.made is not None
    assert train.made is not None
    synthesize.made.parent.mkdir(parents=True)
    synthesize.made.touch()
    train.made.parent.mkdir()
    taken: list[tuple[str, ...]] = []

    def run(arguments: list[str], *, check: bool) -> subprocess.CompletedProcess[str]:
        assert not check
        taken.append(tuple(arguments[1:]))
        return subprocess.CompletedProcess([], 1)

    monkeypatch.setattr(command.subprocess, "run", run)
    monkeypatch.setattr(sys, "argv", ["shipped", "keypoints", "--data", str(tmp_path), "--runs", str(tmp_path / "runs")])
    assert command.main() == 1
    assert taken == [train.command]
    assert not train.made.parent.exists()


def test_joints_are_found_beside_the_pictures_that_are_learnt_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out("reid_sightline", tmp_path)
    planned = steps_of("reid_sightline", data=tmp_path, runs=tmp_path / "runs", repository=tmp_path / "models")
    _, _, find, train, _ = planned
    pictures = tmp_path / "runs" / "reid_sightline" / "with_joints" / "images.tar"
    assert find.made == pictures.with_name("keypoints.npz")
    assert f"--data={pictures}" in train.command

    def run(arguments: list[str], *, check: bool) -> subprocess.CompletedProcess[str]:
        assert not check
        found = tuple(arguments[1:]) == find.command
        assert pictures.is_symlink() == found
        return subprocess.CompletedProcess([], 4 if found else 0)

    monkeypatch.setattr(command.subprocess, "run", run)
    told = [
        "reid_sightline",
        "--data",
        str(tmp_path),
        "--runs",
        str(tmp_path / "runs"),
        "--repository",
        str(tmp_path / "models"),
    ]
    monkeypatch.setattr(sys, "argv", ["shipped", *told])
    assert command.main() == 4
    pictures.unlink()
    assert command.main() == 4, "found anew"
    assert pictures.resolve() == (tmp_path / "cuhk03" / "images.tar").resolve()


def test_data_that_are_missing_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command.subprocess, "run", None)
    monkeypatch.setattr(sys, "argv", ["shipped", "keypoints", "--data", str(tmp_path), "--runs", str(tmp_path / "runs")])
    assert command.main() == 2
    assert "lacks market1501/images.tar, pose" in capsys.readouterr().out


def test_showing_runs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(command.subprocess, "run", None)
    monkeypatch.setattr(sys, "argv", ["shipped", "reid_sightline", "--data", str(tmp_path), "--show"])
    assert command.main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[2] for line in lines] == ["synthesize", "train", "find-joints", "train", "models"]
