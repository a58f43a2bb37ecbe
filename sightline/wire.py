"""What goes over Kafka: frames, sightings, camera state and dead letters, each to and from a record.

Metadata are CloudEvents 1.0 in binary mode: headers ``ce_*`` and ``content-type``, the value is the payload alone.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.errors import InputError, RejectedFrame, RejectReason
from sightline.types import CameraState, EncodedFrame, Float32Array, Sighting, to_datetime, to_us

FRAME_TYPE = "sightline.frame.v1"
SIGHTING_TYPE = "sightline.sighting.v1"
CAMERA_STATE_TYPE = "sightline.camera-state.v1"

CAMERA_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
"""A camera's id: it names a Kafka key, a metric label, a URL part and a folder."""

MAX_FRAME_ID_LENGTH = 256

_END_OF_TIME_US = 253_402_300_800_000_000
"""The year 10000, from where on a time has no datetime and no RFC 3339 text."""

_MALFORMED = (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, RecursionError, InputError)
"""What taking a JSON value apart raises where it is not of the expected shape."""

_STATE_DTYPES = frozenset({"float32", "float64", "int64", "int32", "uint8", "bool"})

Headers = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Record:
    """A record as read from Kafka; ``timestamp_ms`` is milliseconds since the epoch."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


@dataclass(frozen=True, slots=True)
class Message:
    """A record to be written; ``partition`` None = by the key's hash, ``timestamp_ms`` None = now."""

    topic: str
    key: bytes
    value: bytes | None
    headers: Headers = ()
    partition: int | None = None
    timestamp_ms: int | None = None


def frame_to_message(frame: EncodedFrame, topic: str) -> Message:
    """A frame as a record of ``camera-frames``, keyed by its camera."""
    headers = _cloud_event(frame.frame_id, f"/cameras/{frame.camera}", FRAME_TYPE, frame.captured_at_us, frame.content_type)
    return Message(topic, frame.camera.encode(), frame.data, headers)


def frame_from_record(record: Record, cluster_id: str) -> EncodedFrame:
    """The frame that a record of ``camera-frames`` holds; its picture is not decoded here.

    Without ``ce_*`` headers the record's key is the camera, its timestamp the capture time, and cluster, topic,
    partition and offset the frame's id. ``content_type`` is "" where the publisher named none.

    Raises:
        RejectedFrame: there is no usable camera, id or time, or no picture.
    """
    headers = dict(record.headers)
    _refuse_other_events(headers)
    camera = _camera(record.key, headers)
    if not record.value:
        raise RejectedFrame(RejectReason.EMPTY, "the record has no value; expected an encoded image")
    return EncodedFrame(
        camera=camera,
        frame_id=_frame_id(record, headers, cluster_id),
        captured_at_us=_captured_at_us(record, headers),
        content_type=_text(headers, "content-type"),
        data=record.value,
    )


def camera_of(record: Record) -> str:
    """The camera that a record of ``camera-frames`` is keyed by; "" where its key is no camera id."""
    try:
        return _camera(record.key, {})
    except RejectedFrame:
        return ""


def _refuse_other_events(headers: Mapping[str, bytes]) -> None:
    for name, expected in (("ce_specversion", "1.0"), ("ce_type", FRAME_TYPE)):
        actual = _text(headers, name)
        if actual not in ("", expected):
            raise RejectedFrame(RejectReason.BAD_METADATA, f"{name}: expected {expected!r}, got {actual[:80]!r}")


def _camera(key: bytes | None, headers: Mapping[str, bytes]) -> str:
    camera = _decoded("key", key or b"")
    if not CAMERA_ID.fullmatch(camera):
        detail = f"the record's key must be a camera id ({CAMERA_ID.pattern}), got {camera[:80]!r}"
        raise RejectedFrame(RejectReason.BAD_METADATA, detail)
    source = _text(headers, "ce_source")
    if source not in ("", f"/cameras/{camera}"):
        detail = f"ce_source: expected '/cameras/{camera}' for this key, got {source[:80]!r}"
        raise RejectedFrame(RejectReason.BAD_METADATA, detail)
    return camera


def _frame_id(record: Record, headers: Mapping[str, bytes], cluster_id: str) -> str:
    given = _text(headers, "ce_id")
    if len(given) > MAX_FRAME_ID_LENGTH or "\x00" in given:
        raise RejectedFrame(RejectReason.BAD_METADATA, f"ce_id: expected at most {MAX_FRAME_ID_LENGTH} characters, no NUL")
    return given or f"{cluster_id}/{record.topic}/{record.partition}/{record.offset}"


def _captured_at_us(record: Record, headers: Mapping[str, bytes]) -> int:
    text = _text(headers, "ce_time")
    try:
        time_us = to_us(datetime.fromisoformat(text)) if text else max(0, record.timestamp_ms) * 1000
    except (ValueError, OverflowError) as error:
        raise RejectedFrame(RejectReason.BAD_METADATA, f"ce_time: expected RFC 3339 with a zone, got {text[:80]!r}") from error
    if not 0 <= time_us < _END_OF_TIME_US:
        detail = f"capture time: expected 1970 to 9999, got {text[:80] or record.timestamp_ms!r}"
        raise RejectedFrame(RejectReason.BAD_METADATA, detail)
    return time_us


def _text(headers: Mapping[str, bytes], name: str) -> str:
    return _decoded(name, headers.get(name) or b"")


def _decoded(name: str, value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise RejectedFrame(RejectReason.BAD_METADATA, f"{name}: not UTF-8") from error


def _cloud_event(event_id: str, source: str, event_type: str, time_us: int, content_type: str) -> Headers:
    return (
        ("ce_specversion", b"1.0"),
        ("ce_id", event_id.encode()),
        ("ce_source", source.encode()),
        ("ce_type", event_type.encode()),
        ("ce_time", to_datetime(time_us).isoformat().encode()),
        ("content-type", content_type.encode()),
    )


def vector_to_base64(vector: Float32Array) -> str:
    """float32 (D,) as base64 of its little-endian bytes."""
    return base64.b64encode(vector.astype("<f4", copy=False).tobytes()).decode()


def vector_from_base64(text: str) -> Float32Array:
    """The inverse of :func:`vector_to_base64`.

    Raises:
        InputError: not base64, not a whole number of float32, or not all finite.
    """
    try:
        vector = np.frombuffer(base64.b64decode(text, validate=True), "<f4").astype(np.float32)
    except (binascii.Error, ValueError) as error:
        raise InputError(f"expected base64 of little-endian float32: {error}") from error
    if not np.isfinite(vector).all():
        raise InputError("expected finite numbers in the embedding")
    return vector


def rounded(array: Float32Array) -> Any:
    """Parts of a whole as nested lists, to the four digits that they are worth."""
    return array.astype(np.float64).round(4).tolist()


def sighting_to_message(sighting: Sighting, topic: str, partition: int) -> Message:
    """A sighting as a record of ``sightings``: keyed by its id, on the partition of its frame."""
    event: dict[str, Any] = {
        "sighting_id": sighting.sighting_id,
        "camera": sighting.camera,
        "frame_id": sighting.frame_id,
        "time": to_datetime(sighting.captured_at_us).isoformat(),
        "track": sighting.track,
        "box": list(sighting.box_xywh),
        "score": sighting.score,
        "quality": sighting.quality,
        "embedding_space": sighting.space,
        "embedding": vector_to_base64(sighting.embedding),
        "crop_key": sighting.crop_key,
        "crop_box": list(sighting.crop_box_xywh) if sighting.crop_box_xywh else None,
        "keypoints": None if sighting.keypoints is None else rounded(sighting.keypoints),
        "attributes": dict(sighting.attributes),
        "visibility": None if sighting.visibility is None else rounded(sighting.visibility),
    }
    source = f"/cameras/{sighting.camera}"
    headers = _cloud_event(sighting.sighting_id, source, SIGHTING_TYPE, sighting.captured_at_us, "application/json")
    return Message(topic, sighting.sighting_id.encode(), json.dumps(event).encode(), headers, partition)


def sighting_from_record(record: Record) -> Sighting:
    """The sighting that a record of ``sightings`` holds. What records of an earlier Sightline lack is unknown.

    Raises:
        InputError: the value is not such an event.
    """
    try:
        event = json.loads(record.value or b"")
        keypoints, visibility = event.get("keypoints"), event.get("visibility")
        return Sighting(
            sighting_id=_string(event["sighting_id"]),
            camera=_string(event["camera"]),
            frame_id=_string(event["frame_id"]),
            captured_at_us=to_us(datetime.fromisoformat(event["time"])),
            track=_string(event["track"]),
            box_xywh=_box(event["box"]),
            score=float(event["score"]),
            quality=float(event["quality"]),
            embedding=vector_from_base64(event["embedding"]),
            space=_string(event["embedding_space"]),
            crop_key=None if event.get("crop_key") is None else _string(event["crop_key"]),
            crop_box_xywh=_box(event["crop_box"]) if event.get("crop_box") else None,
            keypoints=None if keypoints is None else np.array(keypoints, np.float32).reshape(-1, 3),
            attributes={str(name): float(value) for name, value in event.get("attributes", {}).items()},
            visibility=None if visibility is None else np.array(visibility, np.float32),
        )
    except _MALFORMED as error:
        where = f"{record.topic}[{record.partition}]@{record.offset}"
        raise InputError(f"{where} is not a {SIGHTING_TYPE} event: {error!r}") from error


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text, got {value!r:.80}")
    return value


def _box(values: list[float]) -> tuple[float, float, float, float]:
    x, y, width, height = values
    return float(x), float(y), float(width), float(height)


def camera_state_to_message(state: CameraState, topic: str, partition: int) -> Message:
    """A camera's state as a record of ``camera-state``: keyed by the camera, on the partition of its frames."""
    value = {
        "version": 1,
        "camera": state.camera,
        "frame_id": state.frame_id,
        "time": to_datetime(state.captured_at_us).isoformat(),
        "offset": state.offset,
        "picture": list(state.picture_wh),
        "seen": state.seen,
        "sightings": state.sightings,
        "shed": dict(state.shed),
        "dead": dict(state.dead),
        "arrays": {name: _array_to_json(array) for name, array in state.arrays.items()},
    }
    source = f"/cameras/{state.camera}"
    event_id = f"{state.camera}/{partition}/{state.offset}"
    headers = _cloud_event(event_id, source, CAMERA_STATE_TYPE, state.captured_at_us, "application/json")
    return Message(topic, state.camera.encode(), json.dumps(value).encode(), headers, partition)


def camera_state_from_record(record: Record) -> CameraState:
    """The state that a record of ``camera-state`` holds.

    Raises:
        InputError: the value is not such a state, or of a later version than this code knows.
    """
    try:
        value = json.loads(record.value or b"")
        if value["version"] != 1:
            raise ValueError(f"expected version 1, got {value['version']}: a later Sightline wrote it, and only that can go on")
        return CameraState(
            camera=value["camera"],
            frame_id=value["frame_id"],
            captured_at_us=to_us(datetime.fromisoformat(value["time"])),
            offset=int(value["offset"]),
            picture_wh=(int(value["picture"][0]), int(value["picture"][1])),
            seen=int(value["seen"]),
            sightings=int(value["sightings"]),
            shed={str(reason): int(count) for reason, count in value["shed"].items()},
            dead={str(reason): int(count) for reason, count in value["dead"].items()},
            arrays={str(name): _array_from_json(item) for name, item in value["arrays"].items()},
        )
    except _MALFORMED as error:
        where = f"{record.topic}[{record.partition}]@{record.offset}"
        raise InputError(f"{where} is not a {CAMERA_STATE_TYPE} value: {error!r}") from error


def _array_to_json(array: NDArray[np.generic]) -> dict[str, Any]:
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    data = base64.b64encode(little.tobytes()).decode()
    return {"dtype": array.dtype.name, "shape": list(array.shape), "data": data}


def _array_from_json(item: Mapping[str, Any]) -> NDArray[np.generic]:
    if item["dtype"] not in _STATE_DTYPES:
        raise ValueError(f"expected one of {sorted(_STATE_DTYPES)}, got dtype {item['dtype']!r}")
    flat = np.frombuffer(base64.b64decode(item["data"], validate=True), np.dtype(item["dtype"]).newbyteorder("<"))
    return flat.reshape(item["shape"]).astype(item["dtype"])


def dead_letter_message(record: Record, rejection: RejectedFrame, topic: str) -> Message:
    """A frame's record as a dead letter: the same key and value, and where from and why in added headers."""
    added = (
        ("dead_letter_reason", str(rejection.reason).encode()),
        ("dead_letter_detail", rejection.detail.encode()[:1024]),
        ("dead_letter_topic", record.topic.encode()),
        ("dead_letter_partition", str(record.partition).encode()),
        ("dead_letter_offset", str(record.offset).encode()),
    )
    return Message(topic, record.key or b"", record.value, (*record.headers, *added), timestamp_ms=record.timestamp_ms)
