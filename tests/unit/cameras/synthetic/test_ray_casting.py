"""Rays against limbs, beside a plain reference: the distance of a ray from a segment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from sightline.cameras.synthetic.camera import looking_at
from sightline.cameras.synthetic.limbs import Limb, LimbStack, stacked
from sightline.cameras.synthetic.projection import projected
from sightline.cameras.synthetic.ray_casting import Surface, cast, placed, surface
from sightline.cameras.synthetic.scenery import pixel_rays

CAMERA = looking_at((0.3, -3.0, 1.6), (0.0, 0.0, 1.0), focal_px=120.0, size_wh=(96, 80))
ENDS = [((-0.2, 0.1, 0.7), (0.3, -0.2, 1.4)), ((0.0, 0.0, 1.3), (0.0, 0.0, 0.6)), ((0.1, 0.3, 1.0), (0.1, -0.4, 0.9))]


def limb(start, end, radii=(0.2, 0.2), flat=(1.0, 1.0), open_end=False) -> Limb:
    return Limb(start, end, (1.0, 0.0, 0.0), radii, flat, 0, None, open_end)


def sampled_distance(start: np.ndarray, end: np.ndarray, rays: np.ndarray, eye: np.ndarray) -> np.ndarray:
    """Of each ray (n, 3) from the segment, metres; by 400 places on the segment."""
    places = start + np.linspace(0, 1, 400)[:, None] * (end - start)
    unit = rays / np.linalg.norm(rays, axis=1, keepdims=True)
    beside = places[:, None] - eye - np.einsum("pk,nk->pn", places - eye, unit)[..., None] * unit
    return np.linalg.norm(beside, axis=-1).min(0)


@dataclass(frozen=True)
class Hits:
    """The pixels that show a limb, how far away it is there, and where on it they lie."""

    rows: np.ndarray
    columns: np.ndarray
    depth: np.ndarray
    surface: Surface


def hits_of(stack: LimbStack) -> Hits:
    seen = projected(stack, CAMERA)
    found = cast(stack, seen, 0)
    assert found is not None
    rows, columns = np.nonzero(found.depth < np.inf)
    depth = found.depth[rows, columns]
    rows, columns = (places + side.start for places, side in zip((rows, columns), found.window, strict=True))
    return Hits(rows, columns, depth, surface(stack, seen, slice(0, 1), np.array([len(rows)]), placed(rows, columns, depth)))


@pytest.mark.parametrize(("start", "end"), ENDS)
def test_a_capsule_covers_the_pixels_whose_rays_come_near_enough_to_its_axis(start, end) -> None:
    stack = stacked([limb(start, end)], [0])
    hits = hits_of(stack)
    rays = pixel_rays(CAMERA).reshape(-1, 3)
    distance = sampled_distance(np.array(start), np.array(end), rays, CAMERA.position).reshape(80, 96)
    covered = np.zeros((80, 96), bool)
    covered[hits.rows, hits.columns] = True
    assert covered[distance < 0.199].all()
    assert not covered[distance > 0.201].any()


@pytest.mark.parametrize(("start", "end"), ENDS)
@pytest.mark.parametrize("radii", [(0.2, 0.2), (0.15, 0.22)])
def test_every_hit_lies_on_the_surface_on_the_near_side(start, end, radii) -> None:
    stack = stacked([limb(start, end, radii, flat=(1.3, 0.8))], [0])
    hits = hits_of(stack)
    rays = pixel_rays(CAMERA)[hits.rows, hits.columns]
    points = (CAMERA.position + hits.depth[:, None] * rays - stack.start[0]) @ stack.axes[0].T / (1.3, 0.8, 1.0)
    np.testing.assert_allclose(points, np.stack([hits.surface.left, hits.surface.forward, hits.surface.along], 1), atol=2e-4)
    beyond = hits.surface.along - np.clip(hits.surface.along, 0, stack.length[0])
    radius = np.interp(hits.surface.along, (0, stack.length[0]), radii)
    np.testing.assert_allclose(np.sqrt((points[:, :2] ** 2).sum(1) + beyond**2), radius, atol=1e-3)
    normal = np.stack([hits.surface.left / 1.3, hits.surface.forward / 0.8, hits.surface.normal[2]], 1)
    toward = rays @ stack.axes[0].T
    assert ((normal * toward).sum(1) <= 1e-3).all()


def test_nothing_is_drawn_beyond_an_open_end() -> None:
    stack = stacked([limb((0.0, 0.0, 1.3), (0.0, 0.0, 0.9), open_end=True)], [0])
    hits = hits_of(stack)
    assert hits.surface.along.max() <= stack.length[0]
    assert hits.surface.along.min() < 0


def test_what_is_out_of_sight_has_no_pixels() -> None:
    stack = stacked([limb((0.0, -6.0, 1.0), (0.0, -6.0, 0.5)), limb((9.0, 0.0, 1.0), (9.0, 0.0, 0.5))], [0, 0])
    seen = projected(stack, CAMERA)
    assert cast(stack, seen, 0) is None
    assert cast(stack, seen, 1) is None
