"""Attributes of people, by identity or by picture: a CSV file in Market-1501's layout, or one that anyone can make.

Market-1501's (Lin et al. 2019): a row a ``pid``, 27 columns of numbers from 1; a colour has a column of its own, 2 = worn. They
become the 12 attributes of :data:`sightline.attributes.ATTRIBUTES`. Another file has a column ``pid`` or ``name`` (of the
picture), and a column for each attribute with its values in words. An empty cell is not known.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from sightline.attributes import ATTRIBUTES, MISSING, OTHER
from sightline.errors import ConfigurationError
from sightline.picture_names import without_suffix
from sightline.types import Int64Array

MARKET_COLUMNS = {
    "gender": "gender", "hair": "hair", "sleeve": "up", "lower_length": "down", "lower_type": "clothes", "hat": "hat",
    "backpack": "backpack", "bag": "bag", "handbag": "handbag", "age": "age",
}  # fmt: skip
"""Attribute -> Market-1501's column for it; a colour's columns are ``up<colour>`` and ``down<colour>``."""

_COLOURS = {"upper_colour": "up", "lower_colour": "down"}
_Row = Mapping[str, str]


class Labelled(Protocol):
    """A picture that a table may know."""

    @property
    def name(self) -> str:
        """Without an ending."""
        ...

    @property
    def pid(self) -> int:
        """Who is on it."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class AttributeTable:
    """Labels by identity or picture.

    Attributes:
        values: attribute -> its values, in the order of the labels.
        by: what the rows are joined by.
        labels: pid or name, as text -> int64 (A,): the place of each attribute's value, MISSING where it is not known.
    """

    values: Mapping[str, tuple[str, ...]]
    by: str
    labels: Mapping[str, Int64Array]

    def of(self, pictures: Sequence[Labelled]) -> Int64Array:
        """(N, A): the labels of these pictures, all MISSING where the table says nothing of one."""
        unknown = np.full(len(self.values), MISSING, np.int64)
        keys = [picture.name if self.by == "name" else str(picture.pid) for picture in pictures]
        return np.array([self.labels.get(key, unknown) for key in keys], np.int64).reshape(-1, len(self.values))


def read_attributes(path: Path) -> AttributeTable:
    """The table in a CSV file.

    Raises:
        ConfigurationError: it is missing, has neither ``pid`` nor ``name``, no attribute, a value that is none of the
            attribute's, or two rows for one identity or picture.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, skipinitialspace=True)
            columns, rows = list(reader.fieldnames or ()), list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(f"the attributes {path} cannot be read: {error}") from error
    by = next((name for name in ("pid", "name") if name in columns), None)
    named = [column for column in columns if column != by]
    if by is None or not named:
        raise ConfigurationError(f"{path}: expected a column pid or name and one for each attribute, got {columns}")
    if any(None in row or None in row.values() for row in rows):
        raise ConfigurationError(f"{path}: expected {len(columns)} cells in every row")
    values, labels = _market(path, rows) if _is_market(columns) else _words(rows, named)
    return AttributeTable(values, by, _keyed(path, [_key(row[by], by) for row in rows], labels))


def _is_market(columns: Sequence[str]) -> bool:
    return {"pid", *MARKET_COLUMNS.values()} <= set(columns)


def _key(text: str, by: str) -> str:
    """Pids may be padded with zeros, names have their file's ending."""
    return without_suffix(text) if by == "name" else text.strip().lstrip("0") or "0"


def _keyed(path: Path, keys: Sequence[str], labels: Sequence[Sequence[int]]) -> dict[str, Int64Array]:
    if len(set(keys)) < len(keys):
        twice = next(key for index, key in enumerate(keys) if key in keys[:index])
        raise ConfigurationError(f"{path}: two rows for {twice}")
    return {key: np.array(row, np.int64) for key, row in zip(keys, labels, strict=True)}


def _words(rows: Sequence[_Row], named: Sequence[str]) -> tuple[dict[str, tuple[str, ...]], list[list[int]]]:
    """The values of an attribute of ours in our order, those of another in the alphabet's."""
    said = {name: {row[name].strip() for row in rows} - {""} for name in named}
    values = {
        name: ATTRIBUTES[name] if said[name] <= set(ATTRIBUTES.get(name, ())) else tuple(sorted(said[name])) for name in named
    }
    places = {name: {value: place for place, value in enumerate(of)} | {"": MISSING} for name, of in values.items()}
    return values, [[places[name][row[name].strip()] for name in named] for row in rows]


def _market(path: Path, rows: Sequence[_Row]) -> tuple[Mapping[str, tuple[str, ...]], list[list[int]]]:
    return ATTRIBUTES, [[_market_label(path, row, name, values) for name, values in ATTRIBUTES.items()] for row in rows]


def _market_label(path: Path, row: _Row, name: str, values: tuple[str, ...]) -> int:
    if name in _COLOURS:
        return _colour(row, _COLOURS[name], values)
    cell = row[MARKET_COLUMNS[name]].strip()
    if cell in ("", "0"):
        return MISSING
    if cell not in map(str, range(1, len(values) + 1)):
        column = MARKET_COLUMNS[name]
        raise ConfigurationError(f"{path}, pid {row['pid']}: expected 1 to {len(values)} in the column {column}, got {cell!r}")
    return int(cell) - 1


def _colour(row: _Row, prefix: str, values: tuple[str, ...]) -> int:
    """One colour by its columns; none of them or several is the ``other`` one, nothing said is not known."""
    cells = [row.get(f"{prefix}{colour}", "").strip() for colour in values if colour != OTHER]
    worn = [place for place, cell in enumerate(cells) if cell == "2"]
    if not any(cells):
        return MISSING
    return worn[0] if len(worn) == 1 else values.index(OTHER)
