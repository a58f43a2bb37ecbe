"""Key points in the wrong places: how well does a net stand errors of the pose (DJL, section 4.5)?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.augment.view import View


@dataclass(frozen=True, slots=True)
class PartDisturbance:
    """Each visible key point shifted by up to ``part`` of the picture's width and height, each way; never out of the picture.

    The picture and the dense coordinates stay: only what the net is told of the joints is wrong.
    """

    part: float

    def __call__(self, view: View, rng: np.random.Generator) -> View:
        """See :class:`training.augment.augmentation.Augmentation`."""
        if view.keypoints is None:
            return view
        size_wh = np.array(view.size_hw[::-1], np.float32)
        shift = rng.uniform(-self.part, self.part, (len(view.keypoints), 2)).astype(np.float32) * size_wh
        keypoints = view.keypoints.copy()
        visible = keypoints[:, 2] > 0
        keypoints[visible, :2] = np.clip(keypoints[visible, :2] + shift[visible], 0, size_wh)
        return View(view.image, keypoints, view.iuv)
