"""Milvus and the crops alone: what a sighting costs."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import made_up
from benchmarks.spine_kafka import made_up_sighting
from benchmarks.spine_step import Step
from sightline.adapters.blobs import open_blobs
from sightline.adapters.milvus.gallery import MilvusGallery
from sightline.settings import Settings
from sightline.types import Sighting

BATCHES = (1, 32)


def steps(settings: Settings, count: int) -> Iterator[Step]:
    """Sightings one at a time and in batches, as the writer adds them; and keeping a crop."""
    space = made_up.EMBEDDER.embedding_space.name
    gallery = MilvusGallery.open(settings.milvus, space=space, dimension=made_up.DIMENSION)
    gallery.add([made_up_sighting(0)], maybe_present=True)
    for size in BATCHES:
        sightings = [made_up_sighting(number) for number in range(1, max(size, count // 10 // size * size) + 1)]

        def add(size: int = size, sightings: list[Sighting] = sightings) -> None:
            for start in range(0, len(sightings), size):
                gallery.add(sightings[start : start + size], maybe_present=True)

        yield Step(f"Milvus: add, {size} at a time", "milvus", "sighting", len(sightings), add)
    gallery.close()

    blobs, crop = open_blobs(settings), made_up.picture((128, 256))

    def keep() -> None:
        for number in range(count // 4):
            blobs.put(f"camera-00/2023-11-14/{number}.jpg", crop)

    yield Step("Folder: keep a crop, flushed to the disk", "", "sighting", count // 4, keep)
