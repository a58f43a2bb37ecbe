"""What wrapped pose nets and DensePose must give for one crop, by loops over joints and cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.models.importer.wrap import Plan
from sightline.skeleton import JOINTS

Array = NDArray[Any]
Joints = tuple[Array, Array]
"""xy float32 (K, 2) pixels, confidence float32 (K,) in [0, 1]."""


def decode_person(plan: Plan, raw: Mapping[str, Array]) -> dict[str, Array]:
    """The contract's outputs of a head of this module."""
    size_hw = plan.picture.size_hw
    match plan.recipe.head:
        case "simcc":
            return in_our_order(plan, *decode_simcc(raw["simcc_x"], raw["simcc_y"], size_hw))
        case "heatmaps":
            return in_our_order(plan, *decode_heatmaps(raw["heatmaps"], size_hw))
        case "movenet":
            return in_our_order(plan, *decode_movenet(raw["joints"], size_hw))
        case _:
            return decode_chart(raw)


def in_our_order(plan: Plan, xy: Array, confidence: Array) -> dict[str, Array]:
    """The contract's outputs: the joints of the canonical skeleton that the net has, by their names."""
    assert plan.joints is not None
    rows = [plan.joints.rows[plan.joints.names.index(joint)] for joint in JOINTS if joint in plan.joints.names]
    return {"xy": xy[rows], "confidence": confidence[rows]}


def decode_simcc(x: Array, y: Array, size_hw: tuple[int, int]) -> Joints:
    """RTMPose's rows of bins (K, W r) and (K, H r)."""
    joints = [
        (across.argmax() * size_hw[1] / len(across), down.argmax() * size_hw[0] / len(down), min(across.max(), down.max()))
        for across, down in zip(x, y, strict=True)
    ]
    return _joints(joints)


def decode_heatmaps(maps: Array, size_hw: tuple[int, int]) -> Joints:
    """HRNet's maps (K, h, w)."""
    joints = []
    for values in maps:
        rows, columns = values.shape
        y, x = divmod(int(values.argmax()), columns)
        right = 0.25 * np.sign(values[y, x + 1] - values[y, x - 1]) if 0 < x < columns - 1 else 0.0
        down = 0.25 * np.sign(values[y + 1, x] - values[y - 1, x]) if 0 < y < rows - 1 else 0.0
        joints.append(((x + right) * size_hw[1] / columns, (y + down) * size_hw[0] / rows, values.max()))
    return _joints(joints)


def decode_movenet(output: Array, size_hw: tuple[int, int]) -> Joints:
    """MoveNet's rows (1, K, 3) of y, x and score; its places are not middles of pixels."""
    (rows,) = output
    xy, confidence = _joints([(x * size_hw[1] - 0.5, y * size_hw[0] - 0.5, score) for y, x, score in rows])
    return xy, confidence


def _joints(joints: list[tuple[float, float, float]]) -> Joints:
    """x, y (whole numbers = middles of pixels) and score of each."""
    table = np.array(joints, np.float64).reshape(-1, 3)
    return (table[:, :2] + 0.5).astype(np.float32), np.clip(table[:, 2], 0, 1).astype(np.float32)


def decode_chart(raw: Mapping[str, Array]) -> dict[str, Array]:
    """DensePose's maps (classes, h, w), cell by cell."""
    height, width = raw["fine_segm"].shape[1:]
    part = np.zeros((height, width), np.uint8)
    u, v = np.zeros((height, width), np.float32), np.zeros((height, width), np.float32)
    for y in range(height):
        for x in range(width):
            shown = int(raw["fine_segm"][:, y, x].argmax())
            if raw["coarse_segm"][:, y, x].argmax() == 0 or shown == 0:
                continue
            part[y, x] = shown
            u[y, x], v[y, x] = (min(max(float(raw[name][shown, y, x]), 0.0), 1.0) for name in ("u", "v"))
    return {"part": part, "u": u, "v": v}
