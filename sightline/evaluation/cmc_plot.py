"""The CMC curve as a picture. matplotlib only draws here: it is an extra that evaluation alone needs."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from sightline.errors import ConfigurationError
from sightline.ranking import RankingResult

PLOT_FILE = "cmc.png"
_TICKS = (1, 5, 10, 15, 20, 30, 40, 50, 100)
_COLOURS = ("#2f5bea", "#d1495b")
_WIDTH_IN, _HEIGHT_IN, _DPI = 6.4, 4.4, 150


def require_matplotlib() -> None:
    """Raises ConfigurationError where matplotlib is not installed."""
    if find_spec("matplotlib") is None:
        raise ConfigurationError("the CMC plot needs matplotlib: install it with `pip install 'sightline[evaluation]'`")


def plot_cmc(results: Mapping[str, RankingResult], title: str, path: Path) -> None:
    """Draw the curves, by name, into a PNG, PDF or SVG file.

    Raises:
        ConfigurationError: matplotlib is not installed.
    """
    require_matplotlib()
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH_IN, _HEIGHT_IN), dpi=_DPI, layout="constrained")
    axes = figure.add_subplot()
    ranks = np.arange(1, 1 + max(len(result.cmc) for result in results.values()))
    for (name, result), colour in zip(results.items(), _COLOURS, strict=False):
        label = f"{name}: rank-1 {100 * result.cmc[0]:.1f} %, mAP {100 * result.mean_ap:.1f} %"
        axes.plot(ranks[: len(result.cmc)], 100 * result.cmc, color=colour, linewidth=2, marker=".", label=label)
    axes.set_title(title, fontsize=11, loc="left")
    axes.set_xlabel("rank")
    axes.set_ylabel("queries with a right match among the first, %")
    lowest = min(float(result.cmc[0]) for result in results.values())
    axes.set_ylim(max(0.0, 10 * np.floor(10 * lowest - 1)), 101)
    axes.set_xticks([rank for rank in _TICKS if rank <= len(ranks)])
    axes.grid(visible=True, color="#dfe3ea", linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="lower right", frameon=False)
    figure.savefig(path)
