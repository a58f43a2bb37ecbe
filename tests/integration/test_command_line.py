"""The command line as a whole: help that teaches, exit codes, one JSON document, errors that name the next step."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer
from support.command_line import CommandLine

from sightline.cli.app import app, main

COMMANDS = ("up", "down", "status", "publish", "search", "models", "rebuild", "demo")


class Said(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    errors: str


Run = Callable[..., Said]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run ``sightline`` in an empty folder, with a state folder in which nothing runs, and a bundle without models."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SIGHTLINE_LOCAL__STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("sightline.settings.tree.PACKAGED_MODELS", tmp_path / "shipped")

    def run(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["sightline", *arguments])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        return Said(code, *capfd.readouterr())

    return run


def leaves(group: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every command with its words; a group's commands instead of the group."""
    for name, command in group.commands.items():
        words = f"{path} {name}".strip()
        if hasattr(command, "commands"):
            yield from leaves(command, words)
        else:
            yield words, command


LEAVES = dict(leaves(typer.main.get_command(app)))


def test_every_promised_command_is_there(run: Run) -> None:
    said = run("--help")
    assert said.code == 0
    assert all(f" {name} " in said.out for name in COMMANDS)


@pytest.mark.parametrize("words", sorted(LEAVES))
def test_help_shows_an_example_and_explains_each_option(run: Run, words: str) -> None:
    command = LEAVES[words]
    assert f"`sightline {words}" in command.help, "no example"
    for parameter in command.params:
        assert getattr(parameter, "help", None), f"{words} {parameter.name}: no help"
    said = run(*words.split(), "--help")
    assert (said.code, said.errors) == (0, "")
    assert f"sightline {words}" in said.out


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["fly"], "fly"),
        (["up", "--only", "zookeeper"], "kafka, triton"),
        (["up", "--config", "none.yaml"], "none.yaml"),
        (["status", "--json", "--watch"], "--watch"),
        (["publish"], "SOURCE"),
        (["publish", "a.mp4", "--camera", "a", "--camera", "b"], "2 for 1"),
        (["publish", "a.mp4", "--camera", "no/slash"], "no/slash"),
        (["publish", "a.mp4", "--start-time", "yesterday"], "2026-03-01T08:00:00Z"),
        (["search"], "'image'"),
        (["search", "none.jpg"], "none.jpg"),
        (["search", __file__, "--box", "1,2"], "x,y,w,h"),
        (["search", __file__, "--crop", "--box", "1,2,3,4"], "--crop and --box"),
        (["search", __file__, "-k", "0"], "-k"),
        (["search", __file__, "--sheet", "matches.gif"], ".png"),
        (["models", "add", "none.onnx"], "none.onnx"),
        (["demo"], "sightline demo --model"),
        (["demo", "--model", "none.onnx"], "none.onnx"),
        (["demo", "--duration", "0"], "greater than or equal to 1"),
    ],
)
def test_wrong_usage_is_exit_code_2(run: Run, arguments: list[str], names: str) -> None:
    said = run(*arguments)
    assert said.code == 2, said
    assert said.out == ""
    assert names in " ".join(said.errors.split())


@pytest.mark.parametrize(
    ("arguments", "next_step"),
    [
        (["search", __file__], "sightline up"),
        (["publish", "none.mp4"], "give a video file"),
        (["rebuild"], "sightline up"),
        (["models", "remove", "nobody"], "nobody"),
        (["models", "add", __file__], "ONNX"),
        (["demo", "--video", "none.mp4"], "give a video file"),
        (["demo", "--video", str(Path(__file__).parent), "--model", __file__], "ONNX"),
    ],
)
def test_a_fault_is_named_with_what_to_do_next(run: Run, arguments: list[str], next_step: str) -> None:
    said = run(*arguments)
    assert said.code == 1, said
    assert said.errors.startswith("error: ") or "\nerror: " in said.errors
    assert next_step in " ".join(said.errors.split())
    assert "Traceback" not in said.errors


def test_a_setting_that_does_not_exist_names_the_nearest(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGHTLINE_STREAM__MODUS", "live")
    said = run("status")
    assert said.code == 1
    assert "did you mean stream.mode?" in said.errors


def test_json_is_one_document_and_nothing_else(run: Run) -> None:
    said = run("models", "list", "--json")
    assert (said.code, json.loads(said.out)) == (0, {"models": []})
    said = run("status", "--json")
    assert said.code == 1, "nothing runs"
    document = json.loads(said.out)
    assert document["ready"] is False
    assert set(document["services"]) >= {"kafka", "triton", "milvus", "ray", "api"}
    assert set(document["stream"]) == {"lag_messages", "lag_s", "cameras"}


def test_watching_shows_the_parts_again_and_again_until_it_is_interrupted(tmp_path: Path) -> None:
    """Watched here through a pipe; on a terminal it has a screen of its own."""
    watching = CommandLine.make(tmp_path).start("status", "--watch")
    assert watching.stdout is not None
    seen = 0
    for line in watching.stdout:
        seen += "kafka" in line
        if seen == 2:
            break
    watching.send_signal(signal.SIGINT)
    _, errors = watching.communicate(timeout=30)
    assert (seen, watching.returncode, errors) == (2, 0, "")


def test_the_demo_without_models_says_what_it_lacks(run: Run, tmp_path: Path) -> None:
    (tmp_path / "hall").mkdir()
    said = run("demo", "--video", "hall")
    assert said.code == 2
    assert "make demo MODELS=" in said.errors
    assert not (tmp_path / "state" / "services.json").exists(), "nothing is started before all is there"


def test_down_where_nothing_runs(run: Run) -> None:
    said = run("down")
    assert said.code == 0
    assert "Nothing" in said.out
