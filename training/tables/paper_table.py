"""A paper's ablations as a value: its rows, the recipe that they change, and the scales that they can be trained at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sightline.errors import ConfigurationError
from sightline.ranking import AveragePrecision
from training.embedding_recipe import EmbeddingRecipe
from training.naming import suggestion
from training.overrides import overridden
from training.recipes.paper_rows import Overrides, PaperRow


@dataclass(frozen=True, slots=True)
class Scale:
    """How large the rows are trained.

    Attributes:
        recipe: that the rows change.
        overrides: row -> all that is changed for it: the row's own values, size and budget.
    """

    recipe: EmbeddingRecipe
    overrides: Callable[[PaperRow], Overrides]


@dataclass(frozen=True, slots=True)
class PaperTable:
    """The rows of one paper.

    Attributes:
        name: as the command line takes it.
        title: of the paper, and its authors.
        rows: by name, in the order of the page.
        scales: by name: ``cpu``, ``gpu``.
        groups: the paper's own tables: name -> names of rows.
        key: the rows that say most, if only few can be trained.
        average_precision: the variant that the paper's mAP is.
    """

    name: str
    title: str
    rows: Mapping[str, PaperRow]
    scales: Mapping[str, Scale]
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    key: tuple[str, ...] = ()
    average_precision: AveragePrecision = "non_interpolated"

    def recipe(self, row: str, *, scale: str, seed: int) -> EmbeddingRecipe:
        """What a row is trained by (a row of another one's weights: what it is evaluated by).

        Raises:
            ConfigurationError: there is no such row or scale; the nearest is named.
        """
        if row not in self.rows:
            raise ConfigurationError(f"{self.name} has no row {row!r}: {suggestion(row, self.rows)}")
        if scale not in self.scales:
            raise ConfigurationError(f"{self.name} has no scale {scale!r}: {suggestion(scale, self.scales)}")
        chosen = self.scales[scale]
        return overridden(chosen.recipe, {**chosen.overrides(self.rows[row]), "seed": seed})

    def chosen(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Rows by the names of rows, of the paper's tables, ``key`` or ``every``; each once, in the order of the page.

        Raises:
            ConfigurationError: there is nothing of such a name; the nearest is named.
        """
        known = {"key": self.key, "every": tuple(self.rows), **self.groups, **{row: (row,) for row in self.rows}}
        unknown = next((name for name in names if name not in known), None)
        if unknown is not None:
            raise ConfigurationError(f"{self.name} has no rows named {unknown!r}: {suggestion(unknown, known)}")
        wanted = {row for name in names for row in known[name]}
        return tuple(row for row in self.rows if row in wanted)

    def evaluated_with(self, trained: str) -> tuple[str, ...]:
        """The rows that only evaluate this one's weights in another way."""
        return tuple(name for name, row in self.rows.items() if row.weights_of == trained)
