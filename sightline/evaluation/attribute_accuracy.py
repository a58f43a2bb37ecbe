"""How often what a model says of people is what people said of them.

Legend: P pictures, A attribute values that the model names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.attribute_table import AttributeTable, Labelled
from sightline.attributes import MISSING, likeliest, tellable
from sightline.types import Float32Array, Int64Array


@dataclass(frozen=True, slots=True)
class AttributeAccuracy:
    """Of one attribute; parts of 1.

    Attributes:
        attribute: its name.
        pictures: how many of the pictures a label is known of.
        accuracy: the part of them whose likeliest value is the label.
        balanced: the mean of that over the values that occur: a rare one counts as much as a common one.
        commonest: the accuracy of always saying the commonest value.
    """

    attribute: str
    pictures: int
    accuracy: float
    balanced: float
    commonest: float


def attribute_accuracy(
    names: Sequence[str], probabilities: Float32Array, pictures: Sequence[Labelled], table: AttributeTable
) -> tuple[AttributeAccuracy, ...]:
    """The figures of each attribute that the model tells and the table labels, in the table's order.

    Args:
        names: of the A values, as :func:`sightline.attributes.split` reads them.
        probabilities: float32 (P, A).
        pictures: P of them.
        table: their labels. A label that the model has no name for counts as missed.
    """
    told = [likeliest(dict(zip(names, row, strict=True))) for row in probabilities.tolist()]
    labels, known = table.of(pictures), tellable(names)
    figures = []
    for column, (attribute, values) in enumerate(table.values.items()):
        labelled = np.flatnonzero(labels[:, column] != MISSING)
        if attribute in known and len(labelled):
            right = np.array([told[row].get(attribute, ("",))[0] == values[labels[row, column]] for row in labelled])
            figures.append(_figures(attribute, labels[labelled, column], right))
    return tuple(figures)


def _figures(attribute: str, labels: Int64Array, right: NDArray[np.bool_]) -> AttributeAccuracy:
    values, counts = np.unique(labels, return_counts=True)
    balanced = np.mean([right[labels == value].mean() for value in values])
    return AttributeAccuracy(attribute, len(labels), float(right.mean()), float(balanced), float(counts.max() / len(labels)))
