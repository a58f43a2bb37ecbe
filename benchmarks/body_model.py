"""Milliseconds a person: fitting the body model to key points, and making the 24 part images.

python -m benchmarks.body_model            the full run, half a minute
python -m benchmarks.body_model --quick    a smoke run
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np

from benchmarks.arguments import output_folder, parser, shared
from benchmarks.machine import machine_facts
from benchmarks.reporting import Cell, Report, Table, say
from sightline.body_model.fit import fit_dense_coordinates
from sightline.skeleton import JOINTS
from sightline.types import DenseCoordinates, Float32Array
from training.data.part_images import part_images, warped_reference

METHOD = """\
The key points of people of Market-1501, one after the other on one core, each alone as the stream sees them;
pictures are noise. The median over the people is given, and the slowest twentieth begins at the 95th percentile."""

SIZES_HW = ((128, 64), (256, 128))


def market_keypoints(count: int) -> Float32Array:
    """float32 (N, J, 3) of the first people."""
    with np.load(shared("data", "market1501", "keypoints.npz")) as archive:
        xy = archive["xy"][:count]
    keypoints = np.zeros((len(xy), len(JOINTS), 3), np.float32)
    keypoints[:, : xy.shape[1]] = np.dstack([(xy + 0.5) / (64, 128), np.ones(xy.shape[:2])])
    return keypoints


def milliseconds(work: Callable[[int], object], count: int) -> tuple[float, float]:
    """Median and 95th percentile of a call's time."""
    times = []
    for index in range(count):
        began = time.perf_counter()
        work(index)
        times.append((time.perf_counter() - began) * 1e3)
    return statistics.median(times), statistics.quantiles(times, n=20)[-1]


def rows(size_hw: tuple[int, int], keypoints: Float32Array) -> list[tuple[Cell, ...]]:
    """Each step at one size of the crop."""
    count, size = len(keypoints), "x".join(map(str, size_hw))
    maps = [fit_dense_coordinates(person[None], size_hw) for person in keypoints]
    images = np.random.default_rng(0).integers(0, 256, (1, *size_hw, 3), np.uint8)
    shown: list[tuple[str, Callable[[int], object], int]] = [
        ("fit", lambda n: fit_dense_coordinates(keypoints[n : n + 1], size_hw), count),
        ("part images, dense", lambda n: part_images(images, maps[n]), count),
        ("part images, coarse", lambda n: part_images(images, maps[n], alignment="coarse"), count),
        ("part images, dense, pixel by pixel", lambda n: warped_reference(images, maps[n], 32), max(2, count // 50)),
    ]
    return [(name, size, *milliseconds(work, repeats), covered(maps)) for name, work, repeats in shown]


def covered(maps: list[DenseCoordinates]) -> float:
    """Which part of a crop is body, percent, the median."""
    return 100 * statistics.median(float((each.part > 0).mean()) for each in maps)


def main() -> None:
    """Run it."""
    arguments = parser(__doc__).parse_args()
    machine = machine_facts()
    keypoints = market_keypoints(100 if arguments.quick else 2000)
    found: list[tuple[Cell, ...]] = []
    for size_hw in SIZES_HW:
        say(f"crops of {size_hw[0]}x{size_hw[1]}")
        found += rows(size_hw, keypoints)
    Report(
        name="body_model",
        title="The body model fitted to key points",
        method=METHOD,
        tables=[Table("Milliseconds a person", ("step", "crop", "median ms", "95 % ms", "body %"), found)],
        machine=machine,
        figures={"fit_ms": float(str(found[0][2]))},
    ).publish(output_folder(arguments))


if __name__ == "__main__":
    main()
