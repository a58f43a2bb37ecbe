"""What every net that the loop trains is; and every re-identification system: a net that describes people.

A system holds no loss, no optimiser and no file; it takes :class:`~training.batch.Inputs` and gives
:class:`Outputs`. At test only :meth:`System.inference_net` counts, of which :meth:`EmbeddingSystem.embed` is one use.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from torch import Tensor, nn
from torch.nn import functional

from training.batch import Inputs
from training.nets.roi import Windows
from training.nets.watching import watched

Need = Literal["keypoints", "part_images"]


@dataclass(frozen=True, slots=True)
class Outputs:
    """What a system says of N pictures in training; losses take what they need of it by name.

    Attributes:
        logits: head -> (N, classes): ``global``, ``part_3``, … over identities; ``attribute/<name>`` over its values.
        features: name -> (N, D): what metric losses compare.
        maps: name -> one (N, C, h, w) a stage or a resolution: what nets predict of places.
    """

    logits: Mapping[str, Tensor] = field(default_factory=dict)
    features: Mapping[str, Tensor] = field(default_factory=dict)
    maps: Mapping[str, tuple[Tensor, ...]] = field(default_factory=dict)


class System(nn.Module, ABC):
    """A net that learns from pictures."""

    @abstractmethod
    def forward(self, inputs: Inputs) -> Outputs:
        """What the losses compare with the targets."""

    def inference_net(self) -> nn.Module:
        """What is needed at test, and nothing else: this is exported. Branches for training only are left out of it."""
        return self


class EmbeddingSystem(System):
    """A net that describes people, and in training also says who they are.

    Attributes:
        training_needs: what else than pictures its training sees.
        embedding_needs: what else than pictures :meth:`embed` sees.
        embedding_dim: D of :meth:`embed`.
    """

    training_needs: frozenset[Need] = frozenset()
    embedding_needs: frozenset[Need] = frozenset()
    embedding_dim: int

    @abstractmethod
    def describe(self, inputs: Inputs) -> Tensor:
        """The matching feature as the paper has it, before any normalisation: (N, D)."""

    def embed(self, inputs: Inputs) -> Tensor:
        """The embedding: :meth:`describe` at length 1. (N, D)."""
        return functional.normalize(self.describe(inputs), dim=1)

    def shown_maps(self) -> Mapping[str, nn.Module]:
        """What is worth looking at: label -> a module that :meth:`embed` runs and whose output is a map, in order."""
        return {}

    def activities(self, inputs: Inputs) -> dict[str, Tensor]:
        """How strongly each cell of the maps worth looking at answers, by label: (N, h, w), each over the whole picture."""
        return watched(self.shown_maps(), lambda: self.embed(inputs))

    def windows(self, inputs: Inputs) -> Windows | None:
        """Where in each picture :meth:`embed` looks apart; None = nowhere: it looks at the whole."""
        return None
