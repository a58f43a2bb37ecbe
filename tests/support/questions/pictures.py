"""Generated pictures: grey rooms with people in coloured clothes. Nobody real is in them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from sightline.types import UInt8Array

Colour = tuple[int, int, int]
_SKIN = (222, 165, 120)
_HAIR = (92, 48, 22)


@dataclass(frozen=True, slots=True)
class Look:
    """What a person wears: RGB colours, saturated ones, for the fake stages go by colour."""

    top: Colour
    trousers: Colour


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a scene: where the middle of the feet is, and the height, in pixels."""

    look: Look
    feet_xy: tuple[int, int]
    height: int


@dataclass(frozen=True, slots=True)
class Scene:
    """A camera's view: grey floor and wall of ``shade`` 0 to 255, and the people in it, farthest first."""

    people: tuple[Person, ...]
    width: int = 640
    height: int = 360
    shade: int = 150

    def draw(self) -> UInt8Array:
        """uint8 RGB (height, width, 3)."""
        rows = np.linspace(self.shade + 40, self.shade - 50, self.height).clip(0, 255)
        image = np.repeat(np.repeat(rows[:, None, None], self.width, axis=1), 3, axis=2).astype(np.uint8)
        horizon = int(self.height * 0.55)
        image[horizon:] = (image[horizon:] * 0.8).astype(np.uint8)
        for x in range(-self.width, self.width * 2, 90):
            cv2.line(image, (self.width // 2, horizon), (x, self.height), (self.shade - 25,) * 3, 1, cv2.LINE_AA)
        for person in self.people:
            _draw(image, person)
        return image


def _draw(image: UInt8Array, person: Person) -> None:
    x, feet = person.feet_xy
    unit = person.height / 16
    shoulder, hip = feet - 13 * unit, feet - 7.5 * unit
    limb = max(2, round(1.6 * unit))
    for side in (-1, 1):
        _line(image, (x + side * 0.9 * unit, hip), (x + side * 1.2 * unit, feet), person.look.trousers, limb)
        _line(image, (x + side * 1.9 * unit, shoulder + unit), (x + side * 2.6 * unit, hip + unit), person.look.top, limb)
    torso = np.array(
        [(x - 2.2 * unit, shoulder), (x + 2.2 * unit, shoulder), (x + 1.7 * unit, hip), (x - 1.7 * unit, hip)], np.int32
    )
    cv2.fillPoly(image, [torso], person.look.top, cv2.LINE_AA)
    cv2.circle(image, (x, round(shoulder - 1.6 * unit)), max(2, round(1.45 * unit)), _HAIR, -1, cv2.LINE_AA)
    cv2.circle(image, (x, round(shoulder - 1.25 * unit)), max(2, round(1.2 * unit)), _SKIN, -1, cv2.LINE_AA)


def _line(image: UInt8Array, start: tuple[float, float], end: tuple[float, float], colour: Colour, width: int) -> None:
    cv2.line(image, _point(start), _point(end), colour, width, cv2.LINE_AA)


def _point(xy: tuple[float, float]) -> tuple[int, int]:
    return round(xy[0]), round(xy[1])


def to_jpeg(image: UInt8Array, quality: int = 92) -> bytes:
    """uint8 RGB (H, W, 3) as JPEG."""
    _, data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return bytes(data)
