"""What a row of a table came to, as one value that is kept in a file."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sightline.errors import InputError


@dataclass(frozen=True, slots=True)
class Ranked:
    """How well a test set was ranked, percent.

    Attributes:
        rank1: of the CMC in Market-1501's protocol.
        mean_ap: non-interpolated.
        mean_ap_interpolated: with the best precision at that recall or above.
        rank1_single_shot: in CUHK03's protocol: galleries of one picture a person, 20 draws a query.
    """

    rank1: float
    mean_ap: float
    mean_ap_interpolated: float
    rank1_single_shot: float


@dataclass(frozen=True, slots=True)
class SetFigures:
    """A test set, ranked by the embeddings' distances and by k-reciprocal re-ranking."""

    queries: int
    plain: Ranked
    reranked: Ranked


@dataclass(frozen=True, slots=True)
class RowResult:
    """One row with one seed.

    Attributes:
        row: its name.
        seed: of the run.
        trained_on: name of the data set.
        tested: name of a test set -> figures. A set that lacks what the system sees (key points) is not there.
        epochs: of all phases.
        parameters: of the whole system in training.
        seconds: that the steps of the training took.
        hardware: on what.
        commit: of the code that trained.
        part_weights: what DJL's re-weighting learned: layer -> part -> weight.
    """

    row: str
    seed: int
    trained_on: str
    tested: Mapping[str, SetFigures]
    epochs: int
    parameters: int
    seconds: float
    hardware: str
    commit: str
    part_weights: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> RowResult:
        """From what ``asdict`` gave. Raises KeyError or TypeError where something is missing."""
        tested = {
            name: SetFigures(each["queries"], Ranked(**each["plain"]), Ranked(**each["reranked"]))
            for name, each in values["tested"].items()
        }
        return cls(**{**values, "tested": tested})


def read_results(path: Path) -> list[RowResult]:
    """The results of a file; [] where there is none.

    Raises:
        InputError: it holds something else.
    """
    if not path.is_file():
        return []
    try:
        return [RowResult.from_mapping(values) for values in json.loads(path.read_text())]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} does not hold results of a table: {error!r}") from error


def add_results(path: Path, results: Iterable[RowResult]) -> None:
    """Put results into a file, those of the same row, seed and training set replaced. Written whole or not at all."""
    kept = {_key(each): each for each in [*read_results(path), *results]}
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(json.dumps([asdict(kept[key]) for key in sorted(kept)], indent=1) + "\n")
    partial.replace(path)


def _key(result: RowResult) -> tuple[str, str, int]:
    return result.trained_on, result.row, result.seed
