"""From what `sightline train` was asked to the job that it does: a new run, or one that goes on."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import typer

from sightline.errors import ConfigurationError
from training.config import Config
from training.data.config import DataConfig
from training.job import Job
from training.loop import Rhythm
from training.overrides import overridden, parse_overrides
from training.recipe import Recipe
from training.recipes.by_name import recipe_named, recipe_of
from training.run_folder import RunFolder
from training.world import chosen_device

C = TypeVar("C", bound=Config)

RUNS = Path("runs")
_DATA = "data."


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of the command; None = not given. See :func:`sightline.cli.train.train`."""

    recipe: str | None = None
    data: tuple[Path, ...] = ()
    assignments: tuple[str, ...] = ()
    start_from: Path | None = None
    output: Path | None = None
    checkpoints: str | None = None
    workers: int | None = None
    device: str | None = None
    threads: int | None = None
    resume: bool = False
    force: bool = False
    rhythm: Mapping[str, int | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done.

    Attributes:
        job: the run.
        workers: under Ray Train; 0 = in this process.
        device: cpu, cuda or cuda:N.
    """

    job: Job
    workers: int
    device: str


def planned(asked: Asked, *, cores: int | None = None) -> Plan:
    """The plan; nothing is written yet.

    Args:
        asked: what was asked.
        cores: that the workers share; None = all of this machine.

    Raises:
        typer.BadParameter: an option is missing or of no use.
        ConfigurationError: a value is wrong, or the folder holds another run.
        ServiceUnavailable: the checkpoints' store does not answer.
    """
    if asked.force and not asked.resume:
        raise typer.BadParameter("--force goes with --resume")
    if asked.start_from is not None and asked.resume:
        raise typer.BadParameter("--start-from is for a new run; --resume goes on with its own weights")
    saved = _saved(asked) if asked.resume else {}
    recipe, data = _what(asked, saved)
    folder = RunFolder(_folder(asked, recipe), asked.checkpoints or saved.get("checkpoints"))
    if not asked.resume:
        _refuse_begun(folder)
    workers = _first(asked.workers, saved.get("workers"), 0)
    threads = _first(asked.threads, saved.get("threads"), max(1, (cores or os.cpu_count() or 1) // max(1, workers)))
    given = {name: value for name, value in asked.rhythm.items() if value is not None}
    rhythm = Rhythm(**{**saved.get("rhythm", {}), **given})
    device = chosen_device(_first(asked.device, saved.get("device"), None))
    start_from = asked.start_from.absolute() if asked.start_from else saved.get("start_from")
    job = Job(
        recipe,
        data,
        folder,
        rhythm,
        threads=threads,
        start_from=Path(start_from) if start_from else None,
        force=asked.force,
        told={"workers": workers, "device": device},
    )
    return Plan(job, workers, device)


def _saved(asked: Asked) -> dict[str, Any]:
    if asked.output is None and asked.recipe is None:
        raise typer.BadParameter("--resume: say which run with --output RUN_FOLDER")
    folder = RunFolder(_folder(asked, None))
    saved = folder.read_config()
    name = saved["recipe"]["name"]
    if asked.recipe not in (None, name):
        raise ConfigurationError(f"the run in {folder.path} is of recipe {name!r}, not {asked.recipe!r}")
    return saved


def _what(asked: Asked, saved: Mapping[str, Any]) -> tuple[Recipe, DataConfig]:
    overrides = parse_overrides(asked.assignments)
    of_data = {name.removeprefix(_DATA): value for name, value in overrides.items() if name.startswith(_DATA)}
    of_recipe = {name: value for name, value in overrides.items() if not name.startswith(_DATA)}
    if asked.data:
        first, *further = map(str, asked.data)
        of_data |= {"path": first, "also": further}
    if saved:
        recipe, data = recipe_of(saved["recipe"]), DataConfig.model_validate(saved["data"])
    else:
        if asked.recipe is None:
            raise typer.BadParameter("say what to train with --recipe NAME; `sightline train --list` shows the names")
        if not asked.data:
            raise typer.BadParameter("say what to learn from with --data FOLDER_OR_ARCHIVE")
        recipe, data = recipe_named(asked.recipe), DataConfig(path=asked.data[0])
    return _with_absolute_paths(overridden(recipe, of_recipe)), _with_absolute_paths(overridden(data, of_data))


def _with_absolute_paths(config: C) -> C:
    """Workers, and whoever resumes the run, may be in another folder."""

    def absolute(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: absolute(inner) for name, inner in value.items()}
        if isinstance(value, list | tuple):
            return [absolute(inner) for inner in value]
        return value.absolute() if isinstance(value, Path) else value

    return type(config).model_validate(absolute(config.model_dump()))


def _folder(asked: Asked, recipe: Recipe | None) -> Path:
    if asked.output is not None:
        return asked.output.absolute()
    return (RUNS / (recipe.name if recipe else str(asked.recipe))).absolute()


def _refuse_begun(folder: RunFolder) -> None:
    """Nothing of a run that learnt something is overwritten; one that failed before its first step is."""
    begun = folder.metrics.is_file() and folder.metrics.stat().st_size > 0
    if begun or folder.checkpoints().entries():
        raise ConfigurationError(f"{folder.path} holds a training run: go on with it by --resume, or choose another --output")


def _first(*values: Any) -> Any:
    """The first that is given."""
    return next((value for value in values if value is not None), None)
