"""The way of one frame: read, detect, track, sample, describe, keep; or shed, or a dead letter."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from functools import partial
from typing import TypeVar

from actors.lane import Lane, Turn
from actors.outcome import Outcome, OutcomeKind, ShedReason, after_dead_letter, after_seen, after_shed
from sightline.decoding import ImageLimits, decode_image
from sightline.errors import ModelError, RejectedFrame, RejectReason, ServiceUnavailable
from sightline.ports import BlobStore, Clock
from sightline.settings import Settings
from sightline.stages.following import CameraMemory, Chosen, Follower, Proposal
from sightline.stages.ladder import Ladder
from sightline.stages.perception import DENSE, POSE, Appearance, Canvas, Perception, joints_within
from sightline.stages.sightings import make_sighting
from sightline.stages.stored_crop import StoredCrop, stored_crop
from sightline.telemetry import StreamMetrics
from sightline.types import CameraState, Detections, EncodedFrame, Float32Array, Frame, Sighting
from sightline.wire import Record, camera_of, dead_letter_message, frame_from_record, sighting_to_message

log = logging.getLogger(__name__)

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 2.0
"""Between repeated calls of a service that does not answer; each pause is twice the last."""

T = TypeVar("T")


class _ShedFrame(Exception):
    """A live frame is let go."""

    def __init__(self, reason: ShedReason) -> None:
        super().__init__(reason)
        self.reason = reason


class FrameWay:
    """Takes frames through the stages. Frames go side by side; what they do to their camera happens in order."""

    def __init__(
        self,
        settings: Settings,
        *,
        perception: Perception,
        ladder: Ladder,
        blobs: BlobStore,
        workers: Executor,
        crop_writers: Executor,
        clock: Clock,
        metrics: StreamMetrics,
        cluster_id: str,
    ) -> None:
        self._settings = settings
        self._perception = perception
        self._ladder = ladder
        self._follower = Follower(settings)
        self._limits = ImageLimits.from_settings(settings.stream)
        self._blobs = blobs
        self._workers = workers
        self._crop_writers = crop_writers  # apart from the workers: a crop waits for the disk, decoding must not
        self._clock = clock
        self._metrics = metrics
        self._cluster_id = cluster_id
        self._live = settings.stream.mode == "live"
        self._cameras = None if settings.stream.cameras is None else frozenset(settings.stream.cameras)
        self._sightings = settings.kafka.topic("sightings")
        self._dead_letters = settings.kafka.topic("dead_letters")
        self.decoded_bytes = 0
        """Bytes of the decoded pictures that are on their way now."""

    async def take(self, record: Record, lane: Lane, turn: Turn, *, newer_waits: bool) -> Outcome:
        """Take a frame through; returns when all that follows from it is ready to be committed.

        Args:
            record: of ``camera-frames``.
            lane: its partition.
            turn: its place in the order.
            newer_waits: whether newer frames wait behind it. In live mode a stale frame is shed then, and only then:
                the newest frame of a camera is always looked at, however late it is.
        """
        try:
            encoded = self._admit(record, lane)
            if newer_waits and self._is_stale(record):
                raise _ShedFrame(ShedReason.STALE)
            async with self._decoded(encoded) as (frame, canvas):
                detections = await self._patiently(lambda: self._perception.detect(canvas), record if newer_waits else None)
                state, chosen = await self._follow(record, frame, detections, lane, turn)
                sightings = await self._describe(record, frame, chosen)
        except RejectedFrame as rejection:
            return await self._reject(record, rejection, lane, turn)
        except _ShedFrame as shed:
            return await self._shed(record, shed.reason, lane, turn)
        messages = tuple(sighting_to_message(one, self._sightings, lane.partition) for one in sightings)
        return Outcome(record.offset, OutcomeKind.SEEN, frame.camera, state, messages, detections=len(detections))

    def _admit(self, record: Record, lane: Lane) -> EncodedFrame:
        encoded = frame_from_record(record, self._cluster_id)
        if self._cameras is not None and encoded.camera not in self._cameras:
            raise RejectedFrame(RejectReason.UNKNOWN_CAMERA, f"{encoded.camera} is not in stream.cameras")
        if encoded.camera not in lane.states and len(lane.states) >= self._settings.stream.max_cameras_per_partition:
            raise RejectedFrame(RejectReason.UNKNOWN_CAMERA, "stream.max_cameras_per_partition is reached")
        return encoded

    def _is_stale(self, record: Record) -> bool:
        """By the record's time stamp, not the capture time: a camera whose clock is wrong is not shed for ever."""
        return self._live and self._age_s(record) > self._settings.stream.stale_after_s

    def _age_s(self, record: Record) -> float:
        return self._clock() - record.timestamp_ms / 1000

    @asynccontextmanager
    async def _decoded(self, encoded: EncodedFrame) -> AsyncIterator[tuple[Frame, Canvas]]:
        """The picture and its canvas, made off the event loop, and counted as long as they live."""
        loop = asyncio.get_running_loop()
        with self._metrics.stage_seconds.labels("decode").time():
            frame, canvas = await loop.run_in_executor(self._workers, self._decode, encoded)
        self.decoded_bytes += frame.image.nbytes
        try:
            yield frame, canvas
        finally:
            self.decoded_bytes -= frame.image.nbytes

    def _decode(self, encoded: EncodedFrame) -> tuple[Frame, Canvas]:
        try:
            image = decode_image(encoded.data, content_type=encoded.content_type, limits=self._limits)
            return Frame(encoded.camera, encoded.frame_id, encoded.captured_at_us, image), self._perception.canvas(image)
        except RejectedFrame:
            raise
        except Exception as error:
            # Whatever a picture does to a decoder, it must not stop the camera: it is put aside for a person to look at.
            log.exception("a picture of %s (%s) broke the decoder", encoded.camera, encoded.frame_id)
            raise RejectedFrame(RejectReason.INTERNAL_ERROR, f"decoding failed: {error!r}"[:500]) from error

    async def _patiently(self, call: Callable[[], Awaitable[T]], sheddable: Record | None = None) -> T:
        """Repeat a call until the service answers; a ``sheddable`` frame is shed once it is stale."""
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                return await call()
            except (ServiceUnavailable, ModelError) as error:
                self._metrics.retries.labels(getattr(error, "service", "model")).inc()
                log.warning("%s; trying again in %.2f s", error, pause_s)
            if sheddable is not None and self._is_stale(sheddable):
                raise _ShedFrame(ShedReason.STAGE_UNAVAILABLE)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def _ask(self, record: Record, stage: str, call: Callable[[], Awaitable[T]]) -> T | None:
        """What a stage gives that a live frame goes without if it is not there in time; replay waits: it can be repeated."""
        if not self._live:
            return await self._patiently(call)
        until_s = getattr(self._settings.pipeline, stage).until * self._settings.stream.stale_after_s
        return await self._ladder.ask(stage, call, within_s=until_s - self._age_s(record), share_s=until_s / 2)

    async def _follow(
        self, record: Record, frame: Frame, detections: Detections, lane: Lane, turn: Turn
    ) -> tuple[CameraState, Chosen]:
        """Track and sample, when all earlier frames of the partition have been."""
        async with turn:
            state = lane.state(frame.camera)
            proposal = self._follower.propose(CameraMemory.from_arrays(state.arrays), detections, frame)
            memory, chosen = self._follower.choose(proposal, await self._visibility(record, proposal))
            state = after_seen(state, frame, offset=record.offset, sightings=len(chosen), arrays=memory.to_arrays())
            lane.states[frame.camera] = state
        return state, chosen

    async def _visibility(self, record: Record, proposal: Proposal) -> Float32Array | None:
        """How much can be seen of whom the sampler proposes; None = nobody knows."""
        if not self._perception.has_dense or len(proposal) == 0:
            return None
        look = partial(self._perception.visibility, proposal.frame.image, proposal.boxes_xyxy)
        return await self._ask(record, DENSE, look)

    async def _describe(self, record: Record, frame: Frame, chosen: Chosen) -> list[Sighting]:
        """Embed the chosen people and keep their crops."""
        if len(chosen) == 0:
            return []
        appearance, crops = await asyncio.gather(
            self._appearance(record, frame, chosen),
            asyncio.get_running_loop().run_in_executor(self._workers, self._cut, frame, chosen),
        )
        sightings = self._make(frame, chosen, appearance, crops)
        # Crops first, then the events that name them: an event never points at nothing.
        await self._patiently(lambda: self._keep(sightings, crops))
        return sightings

    async def _appearance(self, record: Record, frame: Frame, chosen: Chosen) -> Appearance:
        joints = None
        if self._perception.has_pose:
            look = partial(self._perception.joints, frame.image, chosen.boxes_xyxy)
            joints = await self._ask(record, POSE, look)
        embeddings = await self._patiently(lambda: self._perception.embed(frame.image, chosen.boxes_xyxy, joints))
        keypoints = None if joints is None else joints_within(joints, chosen.boxes_xyxy)
        return Appearance(embeddings, keypoints, chosen.visibility)

    def _make(self, frame: Frame, chosen: Chosen, appearance: Appearance, crops: list[StoredCrop]) -> list[Sighting]:
        names = self._perception.attributes
        return [make_sighting(frame, chosen, appearance, row, crop=crop, attributes=names) for row, crop in enumerate(crops)]

    def _cut(self, frame: Frame, chosen: Chosen) -> list[StoredCrop]:
        return [stored_crop(frame.image, box, self._settings.stream) for box in chosen.boxes_xyxy]

    async def _keep(self, sightings: list[Sighting], crops: list[StoredCrop]) -> None:
        loop = asyncio.get_running_loop()
        puts = []
        for sighting, crop in zip(sightings, crops, strict=True):
            assert sighting.crop_key is not None, "make_sighting names the crop"
            puts.append(loop.run_in_executor(self._crop_writers, self._blobs.put, sighting.crop_key, crop.jpeg))
        await asyncio.gather(*puts)

    async def _shed(self, record: Record, reason: ShedReason, lane: Lane, turn: Turn) -> Outcome:
        camera = camera_of(record)
        async with turn:
            state = lane.states[camera] = after_shed(lane.state(camera), offset=record.offset, reason=reason)
        return Outcome(record.offset, OutcomeKind.SHED, camera, state, reason=reason)

    async def _reject(self, record: Record, rejection: RejectedFrame, lane: Lane, turn: Turn) -> Outcome:
        camera = camera_of(record)
        message = dead_letter_message(record, rejection, self._dead_letters)
        state = None
        async with turn:
            if camera in lane.states:  # who never published a good frame is remembered in the dead letters alone
                state = after_dead_letter(lane.state(camera), offset=record.offset, reason=rejection.reason)
                lane.states[camera] = state
        return Outcome(record.offset, OutcomeKind.DEAD_LETTER, camera, state, (message,), rejection.reason)
