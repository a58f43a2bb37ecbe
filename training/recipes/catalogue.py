"""The recipes by name. Each is imported when it is asked for, and no sooner."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from pydantic import ValidationError

from sightline.errors import ConfigurationError
from training.naming import suggestion
from training.recipe import Recipe

_WHERE: Mapping[str, str] = {
    "baseline": "baseline:BaselineRecipe",
    "baseline_cpu": "baseline:baseline_cpu",
    "djl_hfa": "djl:DjlRecipe",
    "djl_cpu": "djl:djl_cpu",
    "lrdnn": "lrdnn:LrdnnRecipe",
    "lrdnn_cpu": "lrdnn:lrdnn_cpu",
    "dsa": "dsa:DsaRecipe",
    "dsa_cpu": "dsa:dsa_cpu",
    "deep_person": "deep_person:DeepPersonRecipe",
    "deep_person_cpu": "deep_person:deep_person_cpu",
    "joint_loss": "joint_loss:JointLossRecipe",
    "joint_loss_cpu": "joint_loss:joint_loss_cpu",
}
"""Name -> module of this package, and what in it makes the recipe. ``_cpu``: narrow trunk, small pictures, few epochs."""


def recipe_names() -> tuple[str, ...]:
    """Every name, in the order in which they are listed."""
    return tuple(_WHERE)


def recipe_named(name: str) -> Recipe:
    """A recipe with its own values.

    Raises:
        ConfigurationError: there is none of this name; the nearest is named.
    """
    return _maker(name)()


def summary_of(name: str) -> str:
    """The first line of what is written about it."""
    return (_maker(name).__doc__ or "").strip().partition("\n")[0]


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


def _maker(name: str) -> Callable[[], Recipe]:
    if name not in _WHERE:
        raise ConfigurationError(f"there is no recipe {name!r}: {suggestion(name, _WHERE)}")
    module, _, attribute = _WHERE[name].partition(":")
    maker: Callable[[], Recipe] = getattr(import_module(f"training.recipes.{module}"), attribute)
    return maker
