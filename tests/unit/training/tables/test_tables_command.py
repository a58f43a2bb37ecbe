"""The whole command on a made-up data set: trained, tested, kept, shown; interrupted and failed rows lose nothing."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.training_data import write_market

from training.data.config import DataConfig
from training.tables import __main__ as command
from training.tables.row_result import read_results
from training.tables.row_run import RowRun, run_row
from training.tables.running import Ended, run_all

SMALL = {
    "size_hw": [32, 16],
    "system.backbone.channels": [4, 4, 8, 8],
    "system.descriptor": 8,
    "phases.0.epochs": 1,
    "phases.0.sampling.identities": 4,
    "phases.0.sampling.instances": 2,
}


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_market(tmp_path_factory.mktemp("data") / "Tiny-1501")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_market(tmp_path_factory.mktemp("other") / "Other-1501")


@pytest.fixture
def run_of(market: Path, tmp_path: Path) -> Callable[..., RowRun]:
    def made(**values: object) -> RowRun:
        told = {"data": DataConfig(path=market), "runs": tmp_path / "runs", "threads": 1, "overrides": SMALL, **values}
        return RowRun(paper="baseline", scale="cpu", row="baseline", **{"seed": 0, **told})  # type: ignore[arg-type]

    return made


def test_a_row_is_trained_tested_and_tested_elsewhere(run_of: Callable[..., RowRun], other: Path) -> None:
    plain, reranked = run_row(run_of(also=("baseline_reranked",), other_tests=(DataConfig(path=other),)))
    assert (plain.row, reranked.row, plain.trained_on) == ("baseline", "baseline_reranked", "Tiny-1501")
    assert list(plain.tested) == ["Tiny-1501", "Other-1501"]
    assert plain.tested == reranked.tested
    assert plain.tested["Tiny-1501"].queries == 8
    assert 0 <= plain.tested["Tiny-1501"].plain.mean_ap <= 100
    assert (plain.epochs, plain.part_weights) == (1, {})
    assert 0 < plain.seconds < 60
    assert "1 thread a run" in plain.hardware


def test_a_complete_row_is_only_tested_again(run_of: Callable[..., RowRun]) -> None:
    run = run_of()
    first = run_row(run)
    stamp = run.folder.weights.stat().st_mtime_ns
    assert run_row(run) == first
    assert run.folder.weights.stat().st_mtime_ns == stamp


def test_a_run_with_other_values_is_not_taken_for_this_one(run_of: Callable[..., RowRun]) -> None:
    run_row(run_of())
    (ended,) = run_all([run_of(overrides={**SMALL, "smoothing": 0.2})], processes=1)
    assert ended.error is not None
    assert "smoothing: 0.1, now 0.2" in ended.error


def test_the_command_keeps_results_and_makes_the_page(
    market: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "run_all", lambda runs, processes: (Ended(run, run_row(run)) for run in runs))
    page = tmp_path / "results.md"
    page.write_text("# Results\n<!-- results: baseline-cpu -->\n<!-- end -->\n")
    places = ["--runs", f"{tmp_path}/runs", "--results", f"{tmp_path}/results", "--page-file", str(page)]
    values = [part for name, value in SMALL.items() for part in ("--set", f"{name}={value}")]
    assert command.main(["baseline", "--data", str(market), "--seeds", "0", "1", *places, *values]) == 0
    kept = read_results(tmp_path / "results" / "baseline-cpu.json")
    assert [(each.row, each.seed) for each in kept] == [
        ("baseline", 0),
        ("baseline", 1),
        ("baseline_reranked", 0),
        ("baseline_reranked", 1),
    ]
    assert "| baseline | 0, 1 |" in page.read_text()
    assert "[2/2] baseline, seed 1: rank-1" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name a paper, or give --list or --page"),
        (["djll", "--data", "x"], "did you mean 'djl'"),
        (["djl"], "say what to train on with --data"),
        (["djl", "--data", "x", "--rows", "bases"], "did you mean 'base'"),
        (["djl", "--data", "x", "--scale", "tpu"], "no scale 'tpu'"),
        (["djl", "--data", "x", "--set", "seed=3"], "give them --results and --runs"),
        (["djl", "--data", "x", "--device", "cuda:9"], "there is no device 'cuda:9'"),
        (["djl", "--data", "x", "--set", "sede=3", "--results", "y"], "did you mean 'seed'"),
    ],
)
def test_wrong_command_lines_are_refused_before_any_work(
    arguments: list[str], message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert command.main(arguments) == 2
    assert message in capfd.readouterr().err


def test_a_row_that_fails_is_said_and_does_not_take_others_along(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    places = ["--runs", f"{tmp_path}/runs", "--results", f"{tmp_path}/results", "--page-file", f"{tmp_path}/none.md"]
    status = command.main(["baseline", "--data", str(tmp_path / "nothing"), "--seeds", "0", "1", "--processes", "1", *places])
    told = capfd.readouterr().err
    assert status == 1
    assert told.count("failed: ") == 2
    assert "nothing" in told
    assert not (tmp_path / "results").exists()


def test_an_error_that_nobody_foresaw_fails_its_row_and_is_said_in_full(
    run_of: Callable[..., RowRun], capfd: pytest.CaptureFixture[str]
) -> None:
    (broken,) = run_all([run_of(device="abacus")], processes=1)
    assert broken.error is not None
    assert "exit code 1" in broken.error
    told = capfd.readouterr().err
    assert "Traceback" in told
    assert "abacus" in told


def test_a_killed_row_fails_alone_and_is_named(
    run_of: Callable[..., RowRun], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    runs = [run_of(), run_of(seed=1)]
    monkeypatch.setattr(command, "planned", lambda *_: runs)
    killer = threading.Thread(target=kill_first_child)
    killer.start()
    places = ["--runs", f"{tmp_path}/runs", "--results", f"{tmp_path}/results", "--page-file", f"{tmp_path}/none.md"]
    status = command.main(["baseline", "--data", "x", "--processes", "1", *places])
    killer.join()
    told = capfd.readouterr().err
    assert status == 1
    assert "[1/2] baseline baseline, seed 0 failed: its process was killed by SIGKILL" in told
    assert "[2/2] baseline, seed 1: rank-1" in told
    assert [result.seed for result in read_results(tmp_path / "results" / "baseline-cpu.json")] == [1]


def kill_first_child() -> None:
    """As the system does where memory runs out."""
    while not (children := multiprocessing.active_children()):
        time.sleep(0.01)
    os.kill(children[0].pid or 0, signal.SIGKILL)


def test_the_list_names_papers_rows_and_tables(capfd: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--list"]) == 0
    listed = capfd.readouterr().out
    assert all(name in listed for name in ("djl:", "lrdnn:", "dsa:", "deep_person:", "joint_loss:", "tables_10_11:", "key:"))
