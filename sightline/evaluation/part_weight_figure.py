"""Learned part weights (DJL, Table 12) as a picture and a table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from sightline.evaluation.report import markdown_table

PLOT_FILE, NUMBERS_FILE = "part_weights.png", "part_weights.json"
_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9")
"""Of Okabe and Ito's palette, which the colour-blind can tell apart."""
_WIDTH_IN, _DPI = 7.0, 150

PartWeights = Mapping[str, Mapping[str, float]]
"""Layer -> part -> weight; every layer has the same parts."""


def write_part_weights(weights: PartWeights, title: str, folder: Path) -> None:
    """Write numbers and bars into a folder that exists. matplotlib must be installed."""
    (folder / NUMBERS_FILE).write_text(json.dumps(weights, indent=1) + "\n")
    _draw(weights, title, folder / PLOT_FILE)


def part_weight_table(weights: PartWeights) -> str:
    """A row a part, a column a layer, in Markdown."""
    rows = [[_words(part), *(f"{of_layer[part]:.2f}" for of_layer in weights.values())] for part in _parts(weights)]
    return markdown_table(["part", *weights], rows)


def _draw(weights: PartWeights, title: str, path: Path) -> None:
    from matplotlib.figure import Figure

    parts = _parts(weights)
    figure = Figure(figsize=(_WIDTH_IN, 1.2 + 0.11 * len(parts) * (1 + len(weights))), dpi=_DPI, layout="constrained")
    axes = figure.add_subplot()
    height = 0.8 / len(weights)
    for number, ((layer, of_layer), colour) in enumerate(zip(weights.items(), _COLOURS, strict=False)):
        places = np.arange(len(parts)) + (number - (len(weights) - 1) / 2) * height
        bars = axes.barh(places, [of_layer[part] for part in parts], height, color=colour, label=layer)
        axes.bar_label(bars, fmt="%.2f", padding=2, fontsize=7)  # after a short training they hardly differ in length
    axes.set_yticks(np.arange(len(parts)), [_words(part) for part in parts])
    axes.set_ylim(len(parts) - 0.4, -0.6)  # the first on top
    axes.margins(x=0.1)
    axes.set_xlabel("learned weight (factor of the part's pooled features)")
    axes.set_title(title, fontsize=11, loc="left")
    axes.legend(title="layer", frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    axes.grid(visible=True, axis="x", color="#dfe3ea", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path)


def _parts(weights: PartWeights) -> list[str]:
    return list(next(iter(weights.values())))


def _words(part: str) -> str:
    return part.replace("_", " ")
