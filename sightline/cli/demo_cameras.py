"""The demo's cameras: videos that play in a loop from now on, published from this process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from sightline.adapters.kafka.producer import FramePublisher
from sightline.cameras.open_source import default_camera_id, open_source
from sightline.cameras.options import SourceOptions
from sightline.cameras.publishing import Publishing
from sightline.errors import ServiceUnavailable, SightlineError
from sightline.settings import Settings
from sightline.types import to_us

_SOURCES_TIMEOUT_S = 5.0
_FLUSH_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Cameras:
    """What is being published."""

    sources: Publishing
    publisher: FramePublisher

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


@contextmanager
def looping(settings: Settings, cameras: dict[str, str]) -> Iterator[Cameras]:
    """Publish while the body runs; capture times begin now, so yesterday's frames and these have ids of their own.

    Raises:
        ServiceError: Kafka does not take them.
    """
    publisher = FramePublisher(settings)
    publisher.open()
    now_us = to_us(datetime.now(UTC))
    opened = {
        camera: open_source(source, options=SourceOptions(camera, start_us=now_us, loop=True))
        for camera, source in cameras.items()
    }
    publishing = Publishing(opened, publisher.publish)
    publishing.start()
    try:
        yield Cameras(publishing, publisher)
    finally:
        publishing.stop()
        publishing.wait(_SOURCES_TIMEOUT_S)
        _close(publisher)


def _close(publisher: FramePublisher) -> None:
    try:
        publisher.close(timeout_s=_FLUSH_TIMEOUT_S)
    except ServiceUnavailable as error:
        raise SightlineError(f"the last frames were not delivered: {error}") from error
