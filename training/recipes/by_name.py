"""Recipes found by their names, and made anew from what a checkpoint says of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from sightline.errors import ConfigurationError
from training.naming import suggestion
from training.recipe import Recipe
from training.recipes import RECIPES


def recipe_named(name: str) -> Recipe:
    """A recipe with its own values.

    Raises:
        ConfigurationError: there is none of this name; the nearest is named.
    """
    if name not in RECIPES:
        raise ConfigurationError(f"there is no recipe {name!r}: {suggestion(name, RECIPES)}")
    return RECIPES[name]


def recipe_of(values: Mapping[str, Any]) -> Recipe:
    """A recipe from its values, as ``model_dump(mode="json")`` gives them.

    Raises:
        ConfigurationError: they are of no recipe of this version.
    """
    kind = type(recipe_named(str(values.get("name"))))
    try:
        return kind.model_validate(dict(values))
    except ValidationError as error:
        raise ConfigurationError(f"the values of recipe {values.get('name')!r} are not of this version: {error}") from error
