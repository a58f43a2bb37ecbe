"""What every net of key points is."""

from __future__ import annotations

from abc import abstractmethod

from torch import Tensor

from training.nets.system import System


class PoseSystem(System):
    """A net that finds the joints of the one person on a picture."""

    @abstractmethod
    def estimate(self, images: Tensor) -> Tensor:
        """Key points of pictures uint8 (N, 3, H, W).

        Returns:
            float32 (N, J, 3): x and y in [0, 1] of the picture, confidence in [0, 1], of the J = 19 joints of
            :data:`sightline.skeleton.JOINTS`; a joint that the net does not know has confidence 0.
        """
