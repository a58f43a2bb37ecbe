"""The demo's cameras: synthetic ones, or videos that play in a loop from now on, published from this process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from sightline.adapters.kafka.producer import FramePublisher
from sightline.cameras.open_source import default_camera_id, open_source
from sightline.cameras.options import SourceOptions
from sightline.cameras.publishing import Publishing
from sightline.cameras.synthetic.world import WorldCamera
from sightline.cli.demo_truth import TruthStore
from sightline.cli.publish_synthetic import synthetic_sources
from sightline.errors import ServiceUnavailable, SightlineError
from sightline.ports import FrameSource
from sightline.settings import Settings
from sightline.types import to_us

_SOURCES_TIMEOUT_S = 5.0
_FLUSH_TIMEOUT_S = 5.0
_CORE_SECONDS_A_FRAME = 0.4
"""Of a synthetic frame: drawn, encoded, sent, looked at, five people embedded, and room for the rest."""
_LEAST_FPS, _MOST_FPS = 0.5, 5.0


@dataclass(frozen=True, slots=True, eq=False)
class DemoCameras:
    """What the demo publishes.

    Attributes:
        videos: camera id -> source.
        views: cameras of the synthetic world.
        seed: of that world.
        fps: pictures a second of each synthetic camera.
        truth: is told what they show.
    """

    videos: dict[str, str]
    views: tuple[WorldCamera, ...]
    seed: int
    fps: float
    truth: TruthStore

    @property
    def synthetic(self) -> list[str]:
        """Ids of the synthetic cameras."""
        return [view.name for view in self.views]

    @property
    def names(self) -> list[str]:
        """Ids of all."""
        return [*self.videos, *self.synthetic]

    def open(self, start_us: int) -> dict[str, FrameSource]:
        """Camera id -> source; capture times begin at ``start_us``, microseconds since the epoch."""
        opened: dict[str, FrameSource] = {
            camera: open_source(source, options=SourceOptions(camera, start_us=start_us, loop=True))
            for camera, source in self.videos.items()
        }
        options = SourceOptions("", fps=self.fps, start_us=start_us)
        return opened | synthetic_sources(self.views, self.seed, options, self.truth.append)


@dataclass(frozen=True, slots=True)
class Cameras:
    """What is being published; capture times began at ``start_us``."""

    sources: Publishing
    publisher: FramePublisher
    start_us: int

    def published(self, camera: str) -> int:
        """Frames of a camera that Kafka has acknowledged."""
        return self.publisher.delivered(camera).frames

    @property
    def ended(self) -> bool:
        """Whether no camera publishes any more: files loop for ever, so each has failed or was a live one that ended."""
        return self.sources.wait(0)

    def raise_faults(self) -> None:
        """Name the cameras that failed.

        Raises:
            SightlineError: why they did.
        """
        faults = self.sources.faults()
        if faults:
            raise SightlineError("; ".join(f"camera {camera}: {fault}" for camera, fault in faults.items()))


def demo_cameras(sources: Sequence[str]) -> dict[str, str]:
    """Camera id -> source, each id made of the source's name; a name that is there twice is numbered.

    Raises:
        InputError: there is no such source.
    """
    named: dict[str, str] = {}
    for source in sources:
        plain = camera = default_camera_id(source)
        number = 1
        while camera in named:
            number += 1
            camera = f"{plain}-{number}"
        open_source(source, options=SourceOptions(camera))  # opens nothing; says what is wrong before anything starts
        named[camera] = source
    return named


def affordable_fps(cameras: int, *, cores: int) -> float:
    """Pictures a second of each synthetic camera that this many cores can draw and look at, without shedding most of them."""
    fps = cores / (_CORE_SECONDS_A_FRAME * max(1, cameras))
    return round(min(_MOST_FPS, max(_LEAST_FPS, fps)), 2)


@contextmanager
def looping(settings: Settings, cameras: DemoCameras) -> Iterator[Cameras]:
    """Publish while the body runs; capture times begin now, so yesterday's frames and these have ids of their own.

    Raises:
        ServiceError: Kafka does not take them.
    """
    publisher = FramePublisher(settings)
    publisher.open()
    start_us = to_us(datetime.now(UTC))
    publishing = Publishing(cameras.open(start_us), publisher.publish)
    publishing.start()
    try:
        yield Cameras(publishing, publisher, start_us)
    finally:
        publishing.stop()
        publishing.wait(_SOURCES_TIMEOUT_S)
        _close(publisher)


def _close(publisher: FramePublisher) -> None:
    try:
        publisher.close(timeout_s=_FLUSH_TIMEOUT_S)
    except ServiceUnavailable as error:
        raise SightlineError(f"the last frames were not delivered: {error}") from error
