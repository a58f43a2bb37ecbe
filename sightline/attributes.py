"""What can be said of a person at a glance: the attributes of the Market-1501 list, and the values of each.

Lin et al., "Improving Person Re-identification by Attribute and Identity Learning", Pattern Recognition 2019. Models name the
attributes that they have, data sets the values that they label; a value is told apart by its place. A model that serves gives
a probability of each ``attribute:value`` that it names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

OTHER = "other"
"""A colour that has no name in the list, or several at once."""

ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "gender": ("male", "female"),
    "hair": ("short", "long"),
    "sleeve": ("long", "short"),
    "lower_length": ("long", "short"),
    "lower_type": ("dress", "pants"),
    "hat": ("no", "yes"),
    "backpack": ("no", "yes"),
    "bag": ("no", "yes"),
    "handbag": ("no", "yes"),
    "age": ("young", "teenager", "adult", "old"),
    "upper_colour": ("black", "white", "red", "purple", "yellow", "gray", "blue", "green", OTHER),
    "lower_colour": ("black", "white", "pink", "purple", "yellow", "gray", "blue", "green", "brown", OTHER),
}  # fmt: skip
"""Attribute -> its values, in order."""

MISSING = -1
"""The place of a value that nobody labelled."""

_SEPARATOR = ":"


def split(name: str) -> tuple[str, str]:
    """Attribute and value of a model's name for what it gives a probability of: ``upper_colour:red``; ``hat`` = ``hat:yes``."""
    attribute, _, value = name.partition(_SEPARATOR)
    return attribute, value or "yes"


def tellable(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Attribute -> the values that a model with these names can tell, in its order.

    Where it gives a probability of one value alone, the other one of the two is told by it as well.
    """
    named: dict[str, tuple[str, ...]] = {}
    for attribute, value in map(split, names):
        named[attribute] = (*named.get(attribute, ()), value)
    return {attribute: values if len(values) > 1 else _with_other(attribute, values[0]) for attribute, values in named.items()}


def distributions(probabilities: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """Attribute -> value -> probability, from a model's names (:func:`split`).

    Where one value alone is given, the other one of the two has the rest; "" stands for another one that has no name.
    """
    given: dict[str, dict[str, float]] = {}
    for name, probability in probabilities.items():
        attribute, value = split(name)
        given.setdefault(attribute, {})[value] = probability
    return {attribute: _completed(attribute, values) for attribute, values in given.items()}


def likeliest(probabilities: Mapping[str, float]) -> dict[str, tuple[str, float]]:
    """Attribute -> its likeliest value and that value's probability, from a model's names (:func:`split`).

    Of two values that are equally likely the first counts. An attribute whose likeliest value has no name is left out.
    """
    best = {attribute: max(values.items(), key=_second) for attribute, values in distributions(probabilities).items()}
    return {attribute: (value, probability) for attribute, (value, probability) in best.items() if value}


def _second(item: tuple[str, float]) -> float:
    return item[1]


def _completed(attribute: str, values: Mapping[str, float]) -> dict[str, float]:
    if len(values) != 1:
        return dict(values)
    [(value, probability)] = values.items()
    other = _with_other(attribute, value)[1:] or ("",)
    return {value: probability, other[0]: 1 - probability}


def _with_other(attribute: str, value: str) -> tuple[str, ...]:
    """The value, and the other one of the two that there are; alone where there are more, or nobody knows."""
    listed = ATTRIBUTES.get(attribute, ("no", "yes") if value in {"no", "yes"} else ())
    return (value, *(other for other in listed if other != value)) if len(listed) == 2 else (value,)
