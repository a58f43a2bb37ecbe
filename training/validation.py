"""How well a system does on pictures that it does not learn from, while it is trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from training.nets.system import System


@dataclass(frozen=True, slots=True)
class Figures:
    """How good a system is.

    Attributes:
        main: the name of the figure by which the best weights are kept; more is better.
        values: name -> figure, most of them in [0, 1]: ``rank1``, ``mean_ap``, ``ap50``, ``pck`` …
        samples: of how many queries, pictures or people.

    Raises:
        ValueError: the main figure is not among them.
    """

    main: str
    values: Mapping[str, float]
    samples: int

    def __post_init__(self) -> None:
        if self.main not in self.values:
            raise ValueError(f"expected the main figure {self.main!r} among {', '.join(self.values)}")

    @property
    def score(self) -> float:
        """The main figure."""
        return self.values[self.main]


class Validation(Protocol):
    """Measures systems on pictures of its own."""

    def measure(self, system: System) -> Figures:
        """The figures of a system, which is left in evaluation mode. Blocking; it changes nothing else."""
        ...
