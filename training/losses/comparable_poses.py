"""Which people stand alike: a comparison of poses by their landmarks.

Legend: N people, J = 19 joints of :data:`sightline.skeleton.JOINTS`.
"""

from __future__ import annotations

import torch
from torch import Tensor

_LEAST_VARIANCE = 1e-12
"""Of joints that all lie on one spot: such a pose is comparable with none."""


def comparable_poses(keypoints: Tensor, *, aspect: float, max_distance: float, min_joints: int) -> Tensor:
    """Which pairs show comparable poses: symmetric, bool (N, N).

    A pair is comparable if at least ``min_joints`` joints are visible in both and their :func:`pose_distances` is at most
    ``max_distance``. As left and right joints change places between a person seen from the front and from behind, the
    distance tells directions of view apart as well as strides and raised arms.

    Args:
        keypoints: (N, J, 3): x, y in [0, 1] of the picture, confidence; 0 = invisible.
        aspect: width by height of the pictures before they were stretched to one size.
        max_distance: 0 = the same pose, 1.41 = unrelated ones.
        min_joints: 2 at least: fewer have no shape.

    Raises:
        ValueError: ``min_joints`` is below 2.
    """
    if min_joints < 2:
        raise ValueError(f"a pose has two joints at least, got min_joints={min_joints}")
    distances, shared = pose_distances(keypoints, aspect=aspect)
    return (shared >= min_joints) & (distances <= max_distance)


def pose_distances(keypoints: Tensor, *, aspect: float) -> tuple[Tensor, Tensor]:
    """How differently people stand, over the joints that both of a pair show.

    The joints visible in both are moved to mean 0 and scaled to a mean square of 1, each person by himself; the distance is
    the root mean square of what is then left between corresponding joints, sqrt(2 - 2 r) with their correlation r. Place and
    size in the picture do not count, and nothing is rotated. All pairs at once, by products of (N, J) matrices.

    Args:
        keypoints, aspect: as for :func:`comparable_poses`.

    Returns:
        Distances (N, N), 0 to 2, inf where a pair shares no shape; and how many joints it shares, (N, N).
    """
    with torch.autocast(keypoints.device.type, enabled=False):
        seen = (keypoints[..., 2] > 0).double()
        x, y = keypoints[..., 0].double() * aspect * seen, keypoints[..., 1].double() * seen
        shared = seen @ seen.T
        count = shared.clamp(min=1)
        products, squares = x @ x.T + y @ y.T, (x.square() + y.square()) @ seen.T
        sum_x, sum_y = x @ seen.T, y @ seen.T
        covariance = products / count - (sum_x * sum_x.T + sum_y * sum_y.T) / count.square()
        variance = squares / count - (sum_x.square() + sum_y.square()) / count.square()
        scale = variance * variance.T
        shaped = (variance > _LEAST_VARIANCE) & (variance.T > _LEAST_VARIANCE)
        correlation = covariance / torch.where(shaped, scale, 1.0).sqrt()
        distances = (2 - 2 * correlation).clamp(min=0).sqrt()
        return torch.where(shaped, distances, torch.inf), shared.long()
