"""What a trained system looks at: an :class:`~sightline.evaluation.insides.Insides`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from sightline.errors import ConfigurationError
from sightline.evaluation.insides import LookedAt
from sightline.evaluation.market_layout import LabelledPicture
from sightline.types import Float32Array
from training.batch import Inputs
from training.data.reading import StoredPicture
from training.nets.roi import Windows
from training.nets.systems.djl import Djl
from training.objective import autocast, laid_out
from training.trained_embedder import TrainedEmbedder, read_pictures


@dataclass(frozen=True, slots=True, eq=False)
class TrainedInsides:
    """Of the system of an embedder, which sees pictures as it embeds them; mirror images are not looked at."""

    embedder: TrainedEmbedder

    def look(self, pictures: Sequence[LabelledPicture]) -> list[LookedAt]:
        """See :class:`~sightline.evaluation.insides.Insides`."""
        found = []
        for picture in pictures:  # one by one: they are few, and some maps are large
            (stored,) = read_pictures([picture])
            if not isinstance(stored, StoredPicture):
                raise ConfigurationError(f"{stored} cannot be looked at") from stored
            found.append(self._look(self.embedder.seen([stored]).inputs(np.zeros(1, np.int64))))
        return found

    def part_weights(self) -> Mapping[str, Mapping[str, float]]:
        """Of DJL's Region Re-Weighting (Table 12)."""
        system = self.embedder.trained.system
        return system.part_weights() if isinstance(system, Djl) else {}

    @torch.no_grad()
    def _look(self, inputs: Inputs) -> LookedAt:
        """Of one picture."""
        trained, device = self.embedder.trained, self.embedder.device
        precision = trained.recipe.precision
        with autocast(precision, device):
            activities = trained.system.activities(laid_out(inputs.to(device), precision))
        maps = {label: np.asarray(found[0].float().cpu().numpy(), np.float32) for label, found in activities.items()}
        pixels = np.ascontiguousarray(inputs.images[0].permute(1, 2, 0).numpy())
        return LookedAt(pixels, maps, _visible(trained.system.windows(inputs)))


def _visible(windows: Windows | None) -> Float32Array:
    """Corners of the windows that are seen in the first picture: (P, 4)."""
    if windows is None:
        return np.zeros((0, 4), np.float32)
    return np.asarray(windows.xyxy[0][windows.visible[0]].numpy(), np.float32)
