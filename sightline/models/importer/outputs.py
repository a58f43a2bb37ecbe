"""Which output of a user's net is which tensor of the contract."""

from __future__ import annotations

from collections.abc import Mapping

from sightline.models.importer.chart import CLASSES
from sightline.models.importer.recipe import Head, Recipe
from sightline.models.importer.source import SourceModel

Shape = tuple[int, ...]

OPTIONAL = frozenset({"attributes"})
PATTERNS: Mapping[Head, Mapping[str, tuple[int | None, ...]]] = {
    "yolox": {"output": (None, None, None)},
    "boxes": {"boxes": (None, None, 4), "scores": (None, None)},
    "embedding": {"embedding": (None, None), "attributes": (None, None)},
    "keypoints": {"xy": (None, None, 2), "confidence": (None, None)},
    "simcc": {"simcc_x": (None, None, None), "simcc_y": (None, None, None)},
    "heatmaps": {"heatmaps": (None, None, None, None)},
    "movenet": {"joints": (None, 1, None, 3)},
    "densepose": {"part": (None, None, None), "u": (None, None, None), "v": (None, None, None)},
    "chart": {
        "coarse_segm": (None, None, None, None),
        "fine_segm": (None, CLASSES, None, None),
        "u": (None, CLASSES, None, None),
        "v": (None, CLASSES, None, None),
    },
}
"""The shape of each tensor; None fits any length."""


def assign_outputs(source: SourceModel, recipe: Recipe, shapes: Mapping[str, Shape]) -> dict[str, str]:
    """Contract name -> name in the file: as the user said, else by name, else the only one of its shape.

    Raises:
        ModelError: a tensor cannot be found, or the one that was named has another shape.
    """
    assigned: dict[str, str] = {}
    for tensor, pattern in PATTERNS[recipe.head].items():
        fitting = [name for name, shape in shapes.items() if _fits(shape, pattern)]
        named = recipe.outputs.get(tensor, tensor if tensor in shapes else None)
        free = [name for name in fitting if name not in assigned.values() and name not in recipe.outputs.values()]
        if named is not None:
            assigned[tensor] = named
        elif len(free) == 1 and tensor not in OPTIONAL:
            assigned[tensor] = free[0]
        elif tensor not in OPTIONAL:
            raise source.refuse(f"an output {tensor!r} of shape {_words(pattern)} (name it: --output {tensor}=NAME)")
        if tensor in assigned and assigned[tensor] not in fitting:
            raise source.refuse(f"the output {assigned[tensor]!r}, taken for {tensor!r}, to have the shape {_words(pattern)}")
    return assigned


def _fits(shape: Shape, pattern: tuple[int | None, ...]) -> bool:
    return len(shape) == len(pattern) and all(
        wanted is None or wanted == got for wanted, got in zip(pattern, shape, strict=True)
    )


def _words(pattern: tuple[int | None, ...]) -> str:
    return "[N" + "".join(f", {'any' if length is None else length}" for length in pattern[1:]) + "]"
