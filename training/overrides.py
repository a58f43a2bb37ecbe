"""A recipe with a few values changed, each by its dotted name: rows of a table, and ``--set`` on the command line.

| assignment | what it does |
|---|---|
| ``phases.0.epochs=10`` | a value |
| ``phases.*.sampling.batch_size=32`` | in every phase |
| ``phases.0.schedule.kind=one_cycle`` | another kind, with that kind's defaults where they are not set as well |
| ``phases.1.weights.triplet=null`` | an entry of a mapping is left out |
| ``phases.0.optimiser.lr_factors.backbone.stages=0.1`` | behind a mapping's name comes an entry's, dots and all |
| ``size_hw=[128,64]`` | lists and mappings as JSON |
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, get_args

from pydantic import ValidationError

from sightline.errors import ConfigurationError
from training.config import Config
from training.naming import suggestion

C = TypeVar("C", bound=Config)

_KIND = "kind"
_EVERY = "*"


def overridden(recipe: C, overrides: Mapping[str, object]) -> C:
    """The recipe (or any other config) with these values; their order does not matter.

    Args:
        recipe: is not changed.
        overrides: dotted name -> value; a list or mapping replaces the whole of what it names.

    Raises:
        ConfigurationError: a name is unknown (the nearest is named), or a value is of the wrong type or out of range.
    """
    values = recipe.model_dump(mode="json")
    # A kind is chosen before its values are set.
    for name, value in sorted(overrides.items(), key=lambda override: not override[0].endswith(f".{_KIND}")):
        for place in _places(values, recipe, name.split("."), name):
            place.set(value)
    try:
        return type(recipe).model_validate(values)
    except ValidationError as error:
        raise ConfigurationError("; ".join(_explain(item["loc"], item["msg"]) for item in error.errors())) from error


def parse_overrides(assignments: Iterable[str]) -> dict[str, object]:
    """``NAME=VALUE`` of the command line: VALUE as JSON where it is JSON, else as the text that it is.

    Raises:
        ConfigurationError: there is no ``=``, or a name comes twice.
    """
    overrides: dict[str, object] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals or not name:
            raise ConfigurationError(f"expected NAME=VALUE such as phases.0.epochs=10, got {assignment!r}")
        if name in overrides:
            raise ConfigurationError(f"{name} is set twice")
        try:
            overrides[name] = json.loads(text)
        except ValueError:
            overrides[name] = text
    return overrides


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a dotted name leads in a recipe's dumped values.

    Attributes:
        container: the list or mapping that holds it.
        key: of the container.
        config: whose field it is, as the recipe has it; None = an entry of a list or mapping, or of a kind newly chosen.
        entry: of a mapping, from which it can be left out.
    """

    container: Any
    key: Any
    config: Config | None = None
    entry: bool = False

    def set(self, value: object) -> None:
        """Put the value there."""
        if self.entry and value is None:
            self.container.pop(self.key, None)
            return
        if self.config and self.key == _KIND and _names_another_class(self.config, value):
            self.container.clear()  # the values of this class mean nothing to that one
        self.container[self.key] = value


def _places(values: Any, config: Any, path: list[str], name: str) -> Iterator[_Place]:
    """The place that ``path`` leads to from ``values``, the dumped form of ``config``; several with ``*``."""
    key, rest = path[0], path[1:]
    if isinstance(config, Mapping):
        yield _Place(values, ".".join(path), entry=True)
    elif isinstance(config, tuple):
        for index in _indices(key, len(config), name):
            yield from _places(values[index], config[index], rest, name) if rest else [_Place(values, index)]
    elif not isinstance(config, Config):
        raise ConfigurationError(f"{name}: there is nothing named {key!r} in a single value")
    elif values.get(_KIND) != getattr(config, _KIND, None):  # another kind was chosen: validation knows its names
        yield _new_place(values, path)
    elif key not in type(config).model_fields:
        raise ConfigurationError(f"{name}: nothing is named {key!r} there; {suggestion(key, type(config).model_fields)}")
    elif not rest:
        yield _Place(values, key, config)
    elif values[key] is None:  # a section that was left out
        yield _new_place(values, path)
    else:
        yield from _places(values[key], getattr(config, key), rest, name)


def _names_another_class(config: Config, kind: object) -> bool:
    """Whether ``kind`` tells classes of a union apart, and this is not the one: a class that has one kind alone says so."""
    kinds = get_args(type(config).model_fields[_KIND].annotation)
    return len(kinds) == 1 and kind not in kinds


def _new_place(values: Any, path: list[str]) -> _Place:
    for key in path[:-1]:
        values[key] = values.get(key) or {}
        values = values[key]
    return _Place(values, path[-1])


def _indices(key: str, length: int, name: str) -> Iterable[int]:
    if key == _EVERY:
        return range(length)
    if not key.isdecimal() or int(key) >= length:
        raise ConfigurationError(f"{name}: expected a number from 0 to {length - 1}, or * for all, got {key!r}")
    return [int(key)]


def _explain(where: tuple[int | str, ...], message: str) -> str:
    return f"{'.'.join(map(str, where))}: {message}"
