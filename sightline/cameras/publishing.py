"""Several sources published at once, a thread each."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait

from sightline.errors import InputError, ServiceError
from sightline.ports import FrameSource
from sightline.types import EncodedFrame

logger = logging.getLogger(__name__)


class Publishing:
    """Reads each camera's source on a thread of its own and hands its frames to ``publish``, which may block.

    A source that fails ends alone; when the service behind ``publish`` fails, all end.
    """

    def __init__(self, sources: Mapping[str, FrameSource], publish: Callable[[EncodedFrame], None]) -> None:
        self._sources = dict(sources)
        self._publish = publish
        self._stopped = threading.Event()
        self._threads: dict[str, Future[None]] = {}

    def start(self) -> None:
        """Begin with all sources."""
        pool = ThreadPoolExecutor(max_workers=len(self._sources), thread_name_prefix="camera")
        self._threads = {camera: pool.submit(self._run, camera) for camera in self._sources}
        pool.shutdown(wait=False)

    def stop(self) -> None:
        """Let all sources end at their next frame, from any thread."""
        self._stopped.set()
        for source in self._sources.values():
            source.close()

    def wait(self, timeout_s: float) -> bool:
        """Wait for the end of all sources, at most so long; True = all have ended."""
        return not wait(self._threads.values(), timeout_s).not_done

    def lost(self, camera: str) -> int:
        """Frames that the camera's source is known to have lost."""
        return self._sources[camera].lost()

    def ended(self, camera: str) -> bool:
        """Whether this camera's source has come to its end, well or not."""
        return self._threads[camera].done()

    def faults(self) -> dict[str, InputError | ServiceError]:
        """Camera -> why its source has failed, of those that have.

        Raises:
            Exception: a source broke in a way that is a fault of ours.
        """
        found: dict[str, InputError | ServiceError] = {}
        for camera, thread in self._threads.items():
            fault = thread.exception() if thread.done() else None
            if isinstance(fault, InputError | ServiceError):
                found[camera] = fault
            elif fault is not None:
                raise fault
        return found

    def _run(self, camera: str) -> None:
        try:
            for frame in self._sources[camera].frames():
                if self._stopped.is_set():
                    return
                self._publish(frame)
        except InputError as error:
            logger.error("camera %s has ended: %s", camera, error)
            raise
        except ServiceError:
            self.stop()
            raise
        finally:
            self._sources[camera].close()
