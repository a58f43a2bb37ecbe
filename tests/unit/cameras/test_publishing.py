"""Several sources at once: each on its own, until the service they share fails."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator

import pytest

from sightline.cameras.publishing import Publishing
from sightline.errors import InputError, ServiceUnavailable
from sightline.types import EncodedFrame


class ScriptedSource:
    """Frames of a camera, so many or without end, and then perhaps an error."""

    def __init__(self, camera: str, count: int | None, error: Exception | None = None) -> None:
        self._camera = camera
        self._indices = itertools.count() if count is None else range(count)
        self._error = error
        self._closed = threading.Event()

    def frames(self) -> Iterator[EncodedFrame]:
        for index in self._indices:
            if self._closed.is_set():
                return
            yield EncodedFrame(self._camera, f"{self._camera}-{index}", index, "image/jpeg", b"x")
        if self._error is not None:
            raise self._error

    def lost(self) -> int:
        return 3

    def close(self) -> None:
        self._closed.set()


def test_every_frame_of_every_source_is_handed_over_in_order() -> None:
    handed: list[EncodedFrame] = []
    publishing = Publishing({camera: ScriptedSource(camera, 50) for camera in "abc"}, handed.append)
    publishing.start()
    assert publishing.wait(30)
    for camera in "abc":
        assert [frame.frame_id for frame in handed if frame.camera == camera] == [f"{camera}-{index}" for index in range(50)]
        assert publishing.ended(camera)
        assert publishing.lost(camera) == 3
    assert publishing.faults() == {}


def test_a_source_that_fails_ends_alone() -> None:
    handed: list[EncodedFrame] = []
    broken = InputError("no film")
    publishing = Publishing({"a": ScriptedSource("a", 1, broken), "b": ScriptedSource("b", 50)}, handed.append)
    publishing.start()
    assert publishing.wait(30)
    assert publishing.faults() == {"a": broken}
    assert sum(frame.camera == "b" for frame in handed) == 50


def test_when_the_service_fails_all_sources_end() -> None:
    def refuse(frame: EncodedFrame) -> None:
        if frame.frame_id == "a-5":
            raise ServiceUnavailable("kafka", "gone")

    publishing = Publishing({camera: ScriptedSource(camera, None) for camera in "ab"}, refuse)
    publishing.start()
    assert publishing.wait(30)
    assert set(publishing.faults()) == {"a"}


def test_stop_ends_endless_sources() -> None:
    seen = threading.Event()
    publishing = Publishing({camera: ScriptedSource(camera, None) for camera in "ab"}, lambda _: seen.set())
    publishing.start()
    assert seen.wait(30)
    assert not publishing.ended("a")
    publishing.stop()
    assert publishing.wait(30)
    assert publishing.faults() == {}


def test_a_fault_of_ours_is_not_taken_for_the_sources() -> None:
    publishing = Publishing({"a": ScriptedSource("a", 0, RuntimeError("bug"))}, print)
    publishing.start()
    assert publishing.wait(30)
    with pytest.raises(RuntimeError, match="bug"):
        publishing.faults()
