"""What the page on training shows is so."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import typer
from typer.testing import CliRunner

from sightline.cli.app import app
from sightline.errors import ConfigurationError
from training.data.config import DataConfig
from training.overrides import overridden, parse_overrides
from training.recipe import Recipe
from training.recipes import RECIPES
from training.tables import __main__ as tables

PAGE = (Path(__file__).parents[3] / "docs" / "training.md").read_text()


def fits(recipe: Recipe, overrides: dict[str, object]) -> bool:
    try:
        overridden(recipe, overrides)
    except ConfigurationError:
        return False
    return True


def test_every_value_that_is_set_can_be() -> None:
    table = PAGE.partition("| `--set` | what it does |")[2].partition("\n\n")[0]
    assignments = re.findall(r"`'?([a-z_0-9.*]+=[^`']+)'?`", table)
    assert len(assignments) >= 8
    for assignment in assignments:
        overrides = parse_overrides([assignment])
        if assignment.startswith("data."):
            values = {name.removeprefix("data."): value for name, value in overrides.items()}
            assert overridden(DataConfig(path=Path("set")), values) != DataConfig(path=Path("set"))
        else:
            assert any(fits(recipe, overrides) for recipe in RECIPES.values()), assignment


def test_every_option_of_the_shown_commands_exists() -> None:
    commands = [line.partition("  #")[0] for line in PAGE.splitlines() if line.startswith("sightline train")]
    assert len(commands) >= 4
    known = {option for parameter in typer.main.get_command(app).commands["train"].params for option in parameter.opts}
    for command in commands:
        arguments = shlex.split(command)[2:]
        assert {argument for argument in arguments if argument.startswith("--")} <= known
        if "--recipe" in arguments:
            assert arguments[arguments.index("--recipe") + 1] in RECIPES
    assert CliRunner().invoke(app, ["train", "--list"]).exit_code == 0


def test_every_table_command_is_understood() -> None:
    lines = [line for line in PAGE.splitlines() if line.startswith("python -m training.tables ")]
    assert len(lines) >= 5
    for line in lines:
        told = tables.parser().parse_args(shlex.split(line, comments=True)[3:])
        assert told.list or tables.planned(told, "cpu", 1), line
