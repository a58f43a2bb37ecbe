"""What can be said of a person at a glance: the attributes of the Market-1501 list, and the values of each.

Lin et al., "Improving Person Re-identification by Attribute and Identity Learning", Pattern Recognition 2019. Models name the
attributes that they have, data sets the values that they label; a value is told apart by its place.
"""

from __future__ import annotations

from collections.abc import Mapping

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
