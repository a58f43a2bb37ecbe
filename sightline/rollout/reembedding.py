"""Sightings as another model sees them, from their stored crops: same ids, other space."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sightline.decoding import ImageLimits, decode_image
from sightline.errors import InputError, ModelError
from sightline.ports import BlobStore
from sightline.skeleton import JOINTS
from sightline.stages.perception import Perception, joints_within
from sightline.types import Float32Array, Sighting, UInt8Array

SIDE_BY_SIDE = 16
"""Crops on their way through the model at once: enough to fill its batches, few enough to leave the stream its turn."""


class Reembedder:
    """Embeds stored crops.

    The joints of a net that pools by them are those that the sighting carries; where it carries none, the pose stage is asked.

    Args:
        perception: with the new embedder.
        blobs: where the stream keeps its crops.
        limits: of the pictures.
        uses_pose: whether the new net takes key points.
    """

    def __init__(self, perception: Perception, blobs: BlobStore, limits: ImageLimits, *, uses_pose: bool) -> None:
        self._perception = perception
        self._blobs = blobs
        self._limits = limits
        self._uses_pose = uses_pose
        self._places = asyncio.Semaphore(SIDE_BY_SIDE)

    async def reembed(self, sightings: Sequence[Sighting]) -> list[Sighting | None]:
        """Each in the new space, None where its crop is gone or is no picture any more; in order.

        Raises:
            ServiceUnavailable: the model or the blob store cannot answer now.
            ModelError: the net takes key points, and neither a sighting nor a pose stage has them.
        """
        return list(await asyncio.gather(*map(self._one, sightings)))

    async def _one(self, sighting: Sighting) -> Sighting | None:
        async with self._places:
            image = await asyncio.to_thread(self._picture, sighting)
            if image is None:
                return None
            box = _box(sighting, image)
            joints = await self._joints(sighting, image, box) if self._uses_pose else None
            embeddings = await self._perception.embed(image, box, joints)
        names = self._perception.attributes
        found = sighting.keypoints is None and joints is not None
        return replace(
            sighting,
            embedding=embeddings.vectors[0],
            space=embeddings.space,
            attributes={name: round(float(p), 4) for name, p in zip(names, embeddings.attributes[0], strict=False)},
            keypoints=joints_within(joints, box)[0] if found and joints is not None else sighting.keypoints,
        )

    def _picture(self, sighting: Sighting) -> UInt8Array | None:
        if sighting.crop_key is None:
            return None
        try:
            return decode_image(self._blobs.get(sighting.crop_key), limits=self._limits)
        except InputError:  # past its retention, no key of ours, or no picture
            return None

    async def _joints(self, sighting: Sighting, image: UInt8Array, box: Float32Array) -> Float32Array:
        """Joints in pixels of the stored picture: float32 (1, J, 3)."""
        if sighting.keypoints is not None and len(sighting.keypoints) == len(JOINTS):
            left, top, right, bottom = box[0]
            extent = np.array([right - left, bottom - top, 1], np.float32)
            return (sighting.keypoints * extent + np.array([left, top, 0], np.float32))[None].astype(np.float32)
        if not self._perception.has_pose:
            detail = "the model takes key points, and a sighting has none: `pipeline.pose` must be on and have a model"
            raise ModelError(f"{sighting.sighting_id}: {detail}")
        return await self._perception.joints(image, box)


def _box(sighting: Sighting, image: UInt8Array) -> Float32Array:
    """The person in the stored picture, float32 (1, 4) xyxy; all of it where nothing else is known."""
    if sighting.crop_box_xywh is None:
        return np.array([[0, 0, image.shape[1], image.shape[0]]], np.float32)
    x, y, width, height = sighting.crop_box_xywh
    return np.array([[x, y, x + width, y + height]], np.float32)
