"""A run's figures are there for as long as the run lasts, and a run is not lost for them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from support.training_data import QUICK, write_market
from typer.testing import CliRunner

from sightline.cli import train_metrics
from sightline.cli.app import app
from sightline.cli.train_metrics import served_figures
from sightline.settings import Settings, load_settings
from sightline.telemetry import Registry, TrainingMetrics
from training.prometheus_log import PrometheusLog
from training.reports import Listener, StepReport


def _settings(tmp_path: Path, **metrics: bool) -> Settings:
    return load_settings(local={"state_dir": tmp_path / "state"}, metrics=metrics)


def test_prometheus_finds_a_run_while_it_lasts(tmp_path: Path) -> None:
    with served_figures(_settings(tmp_path), "dsa-half") as [log]:
        log.on_steps([StepReport(7, "all", 1, 7, 10, 0.1, 1.25, {}, 100.0)])
        [file] = (tmp_path / "state" / "metrics").iterdir()
        [found] = json.loads(file.read_text())
        assert found["labels"] == {"job": "sightline-training", "instance": "dsa-half"}
        figures = httpx.get(f"http://{found['targets'][0]}/metrics").text
        assert 'sightline_training_loss{term="sum"} 1.25' in figures
        assert "sightline_training_step 7.0" in figures
    assert not file.exists()


def test_nobody_is_told_where_metrics_are_off(tmp_path: Path) -> None:
    with served_figures(_settings(tmp_path, enabled=False), "run") as listeners:
        assert listeners == []
    assert not (tmp_path / "state").exists()


def test_a_run_goes_on_where_its_figures_cannot_be_served(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "state").write_text("no folder")
    with served_figures(_settings(tmp_path), "run") as listeners:
        assert listeners == []
    assert "Prometheus is not told of this run" in capsys.readouterr().err


def test_the_command_tells_of_its_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registry, runs = Registry(), []

    @contextmanager
    def spied(_settings: Settings, run: str) -> Iterator[list[Listener]]:
        runs.append(run)
        yield [PrometheusLog(TrainingMetrics(registry))]

    monkeypatch.setattr(train_metrics, "served_figures", spied)
    monkeypatch.chdir(tmp_path)
    data = write_market(tmp_path / "Tiny-1501")
    sets = [part for name, value in QUICK.items() for part in ("--set", f"{name}={json.dumps(value)}")]
    how = ("--threads", "1", "--evaluate-every", "1", "--output", "runs/tiny")
    result = CliRunner().invoke(app, ["train", "--recipe", "baseline_cpu", "--data", str(data), *how, *sets])
    assert result.exit_code == 0, result.output
    assert runs == ["tiny"]
    assert registry.get_sample_value("sightline_training_step") == 8
    assert registry.get_sample_value("sightline_training_loss", {"term": "softmax"}) is not None
    assert registry.get_sample_value("sightline_training_validation", {"figure": "mean_ap"}) is not None
