"""The decoding and the model calls of a run, made again by bare ONNX Runtime: what the cores can do without a stream.

The batch sizes are those that Triton counted, the tensors those of the run's frames and sightings, the threads of each
model those that Triton gave it.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from sightline.adapters.triton.admin import TritonAdmin
from sightline.decoding import ImageLimits, decode_image
from sightline.geometry import crop, letterbox, xywh_to_xyxy
from sightline.models.repository import InstalledModel
from sightline.models.selection import SelectedModels
from sightline.models.session import OnnxSession
from sightline.settings import Settings
from sightline.threads import share_cores
from sightline.types import EncodedFrame, Sighting, UInt8Array

Work = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Timing:
    """Of all calls: ``wall_s`` by the clock, ``cpu_s`` of this process."""

    wall_s: float
    cpu_s: float


class BareModels:
    """A run's decoding and model calls, ready to be made again.

    Args:
        settings: of the run.
        models: that it used.
        frames: that it saw, all of them.
        sightings: that it made.
        batches: model -> batch size -> calls of that size.
    """

    def __init__(
        self,
        settings: Settings,
        models: SelectedModels,
        frames: Sequence[EncodedFrame],
        sightings: Sequence[Sighting],
        batches: Mapping[str, Mapping[int, int]],
    ) -> None:
        self._limits = ImageLimits.from_settings(settings.stream)
        self._frames = frames
        threads = share_cores(settings, models.names).models
        canvases, crops = self._tensors(models, sightings)
        self._parts: dict[str, Work] = {"decode": self._decode}
        for model, name, items in ((models.detector, "image", canvases), (models.embedder, "crop", crops)):
            wanted = batches[model.spec.name]
            self._parts[model.spec.name] = _calls(model, name, items, wanted, threads[model.spec.name])

    def one_after_another(self) -> dict[str, Timing]:
        """Part -> its time: decoding, then each model's calls, back to back."""
        return {name: _timed([work]) for name, work in self._parts.items()}

    def side_by_side(self) -> Timing:
        """Decoding and each model in a thread of its own, all at once: the best that these cores can do."""
        return _timed(list(self._parts.values()))

    def _decode(self) -> None:
        for frame in self._frames:
            decode_image(frame.data, content_type=frame.content_type, limits=self._limits)

    def _tensors(self, models: SelectedModels, sightings: Iterable[Sighting]) -> tuple[UInt8Array, UInt8Array]:
        """The canvases of the distinct pictures and the crops of their sightings."""
        rule = models.embedder.spec.crop
        assert rule is not None, "an embedder has a crop rule: ModelSpec checks it"
        boxes: dict[str, list[Sighting]] = {}
        for sighting in sightings:
            boxes.setdefault(sighting.frame_id, []).append(sighting)
        canvases, crops, known = [], [], set()
        for frame in self._frames:
            image = decode_image(frame.data, content_type=frame.content_type, limits=self._limits)
            for sighting in boxes.get(frame.frame_id, ()):
                crops.append(crop(image, xywh_to_xyxy(np.array(sighting.box_xywh, np.float32)), rule))
            if frame.data not in known:
                known.add(frame.data)
                canvases.append(letterbox(image, models.detector.spec.canvas_hw)[0])
        return np.stack(canvases), np.stack(crops) if crops else np.zeros((1, *rule.size_hw, 3), np.uint8)


def executed_batches(settings: Settings, models: SelectedModels) -> dict[str, Counter[int]]:
    """Model -> batch size -> how often Triton has run it so far."""

    async def ask() -> dict[str, Counter[int]]:
        async with TritonAdmin(settings.triton) as admin:
            return {name: Counter(await admin.executed_batches(name)) for name in models.names}

    return asyncio.run(ask())


def _calls(model: InstalledModel, tensor: str, items: UInt8Array, sizes: Mapping[int, int], threads: int) -> Work:
    """Every call of a model; batches are cut from ``items`` in turn, from the beginning again at their end."""
    session = OnnxSession.open(model.onnx, name=model.spec.name, threads=threads)
    largest = max(sizes, default=1)
    whole = items if len(items) >= largest else np.concatenate([items] * -(-largest // len(items)))
    for size in sizes:  # the first call of a size allocates
        session.run({tensor: whole[:size]})

    def run() -> None:
        start = 0
        for size, count in sorted(sizes.items()):
            for _ in range(count):
                start = start if start + size <= len(whole) else 0
                session.run({tensor: whole[start : start + size]})
                start += size

    return run


def _timed(works: Sequence[Work]) -> Timing:
    with ThreadPoolExecutor(len(works)) as threads:
        wall, cpu = time.perf_counter(), time.process_time()
        for done in [threads.submit(work) for work in works]:
            done.result()
        return Timing(time.perf_counter() - wall, time.process_time() - cpu)
