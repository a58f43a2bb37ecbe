"""Round trips of everything that goes over Kafka, and what becomes of records that are not ours."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sightline.errors import InputError, RejectedFrame, RejectReason
from sightline.types import CameraState, EncodedFrame, Sighting, to_datetime
from sightline.wire import (
    CAMERA_ID,
    MAX_FRAME_ID_LENGTH,
    Message,
    Record,
    camera_state_from_record,
    camera_state_to_message,
    dead_letter_message,
    frame_from_record,
    frame_to_message,
    sighting_from_record,
    sighting_to_message,
    vector_from_base64,
    vector_to_base64,
)

CLUSTER = "cluster"
LAST_US = 253_402_300_799_999_999  # the last microsecond of the year 9999

times_us = st.integers(0, LAST_US)
cameras = st.from_regex(CAMERA_ID, fullmatch=True)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=40)
unit = st.floats(0, 1, width=32)
pixels = st.floats(0, 10_000, width=32)
counts = st.dictionaries(texts, st.integers(0, 2**53), max_size=3)
boxes = st.tuples(pixels, pixels, pixels, pixels)
vectors = hnp.arrays(np.float32, st.integers(1, 16), elements=st.floats(-1, 1, width=32))
state_dtypes = st.sampled_from([np.float32, np.float64, np.int64, np.int32, np.uint8, np.bool_])
state_arrays = state_dtypes.flatmap(lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, min_side=0, max_side=4)))

frames = st.builds(
    EncodedFrame,
    camera=cameras,
    frame_id=texts,
    captured_at_us=times_us,
    content_type=st.sampled_from(["image/jpeg", "image/png", "image/webp", ""]),
    data=st.binary(min_size=1, max_size=64),
)
sightings = st.builds(
    Sighting,
    sighting_id=texts,
    camera=cameras,
    frame_id=texts,
    captured_at_us=times_us,
    track=texts,
    box_xywh=boxes,
    score=unit,
    quality=unit,
    embedding=vectors,
    space=texts,
    crop_key=st.none() | texts,
    crop_box_xywh=st.none() | boxes,
    keypoints=st.none() | hnp.arrays(np.float32, st.tuples(st.integers(0, 5), st.just(3)), elements=unit),
    attributes=st.dictionaries(texts, unit, max_size=3),
    visibility=st.none() | hnp.arrays(np.float32, 24, elements=unit),
)
states = st.builds(
    CameraState,
    camera=cameras,
    frame_id=texts,
    captured_at_us=times_us,
    offset=st.integers(-1, 2**63 - 1),
    picture_wh=st.tuples(st.integers(0, 16_384), st.integers(0, 16_384)),
    seen=st.integers(0, 2**53),
    sightings=st.integers(0, 2**53),
    shed=counts,
    dead=counts,
    arrays=st.dictionaries(texts, state_arrays, max_size=3),
)
headers = st.lists(
    st.tuples(
        st.sampled_from(["ce_id", "ce_source", "ce_type", "ce_time", "ce_specversion", "content-type", "other"]),
        st.one_of(st.none(), st.binary(max_size=40), st.sampled_from([b"1.0", b"sightline.frame.v1", b"9999-12-31T23:59:59Z"])),
    ),
    max_size=8,
).map(tuple)
records = st.builds(
    Record,
    topic=st.just("camera-frames"),
    partition=st.integers(0, 11),
    offset=st.integers(0, 2**63 - 1),
    timestamp_ms=st.integers(-(2**63), 2**63 - 1),
    key=st.one_of(st.none(), st.binary(max_size=10), cameras.map(str.encode)),
    value=st.one_of(st.none(), st.binary(max_size=10)),
    headers=headers,
)


def read_back(message: Message, *, offset: int = 7) -> Record:
    return Record(message.topic, message.partition or 0, offset, 1_700_000_000_000, message.key, message.value, message.headers)


def a_record(**changes: object) -> Record:
    return replace(Record("camera-frames", 3, 41, 1_700_000_000_123, b"door", b"\xff\xd8\xff"), **changes)


def assert_equal(actual: object, expected: object) -> None:
    """Field by field; arrays by dtype, shape and value (NaN equals NaN)."""
    for item in fields(expected):
        got, wanted = getattr(actual, item.name), getattr(expected, item.name)
        if isinstance(wanted, np.ndarray):
            np.testing.assert_array_equal(got, wanted, strict=True)
        elif item.name == "arrays":
            assert got.keys() == wanted.keys()
            for name in wanted:
                np.testing.assert_array_equal(got[name], wanted[name], strict=True)
        else:
            assert got == wanted, item.name


@given(frames)
def test_frames_come_back(frame: EncodedFrame) -> None:
    message = frame_to_message(frame, "camera-frames")
    assert message.key == frame.camera.encode()
    assert message.value == frame.data
    assert frame_from_record(read_back(message), CLUSTER) == frame


@given(sightings)
def test_sightings_come_back(sighting: Sighting) -> None:
    message = sighting_to_message(sighting, "sightings", 5)
    assert (message.key, message.partition) == (sighting.sighting_id.encode(), 5)
    back = sighting_from_record(read_back(message))
    if sighting.keypoints is not None:
        np.testing.assert_allclose(back.keypoints, sighting.keypoints, atol=1e-4)
    if sighting.visibility is not None:
        np.testing.assert_allclose(back.visibility, sighting.visibility, atol=1e-4)
    assert_equal(replace(back, keypoints=None, visibility=None), replace(sighting, keypoints=None, visibility=None))


def test_an_event_of_an_earlier_sightline_lacks_what_it_did_not_know() -> None:
    """As it was written before sightings carried visibility, and before they carried anything of the person."""
    event = {
        "sighting_id": "s", "camera": "door", "frame_id": "f", "time": "2026-01-31T08:00:00+00:00", "track": "door/t",
        "box": [1, 2, 3, 4], "score": 0.9, "quality": 0.5, "embedding_space": "space",
        "embedding": vector_to_base64(np.ones(4, np.float32)), "crop_key": None, "crop_box": None,
    }  # fmt: skip
    for known in ({}, {"keypoints": [[0.5, 0.5, 1.0]], "attributes": {"hat": 0.5}}):
        sighting = sighting_from_record(a_record(value=json.dumps(event | known).encode()))
        assert sighting.visibility is None
        assert (sighting.keypoints is None) == (not known)
        assert sighting.attributes == known.get("attributes", {})


@given(states)
def test_camera_states_come_back(state: CameraState) -> None:
    message = camera_state_to_message(state, "camera-state", 5)
    assert (message.key, message.partition) == (state.camera.encode(), 5)
    assert_equal(camera_state_from_record(read_back(message)), state)


@given(vectors)
def test_vectors_come_back(vector: np.ndarray) -> None:
    np.testing.assert_array_equal(vector_from_base64(vector_to_base64(vector)), vector, strict=True)


@pytest.mark.parametrize("text", ["AAA", "AAAA", "????", "AADAfw==", "é"])
def test_vectors_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(InputError):
        vector_from_base64(text)


@given(records, st.sampled_from(RejectReason), texts)
def test_dead_letters_keep_the_record_and_say_why(record: Record, reason: RejectReason, detail: str) -> None:
    message = dead_letter_message(record, RejectedFrame(reason, detail), "dead-letters")
    added = dict(message.headers[len(record.headers) :])
    assert message.headers[: len(record.headers)] == record.headers
    assert (message.value, message.key) == (record.value, record.key or b"")
    assert added["dead_letter_reason"] == str(reason).encode()
    assert int(added["dead_letter_offset"]) == record.offset


@settings(max_examples=300)
@given(records)
def test_any_record_is_a_frame_that_can_be_passed_on_or_is_rejected(record: Record) -> None:
    try:
        frame = frame_from_record(record, CLUSTER)
    except RejectedFrame:
        return
    assert CAMERA_ID.fullmatch(frame.camera)
    assert frame.data
    assert frame.frame_id
    to_datetime(frame.captured_at_us)
    again = frame_from_record(read_back(frame_to_message(frame, record.topic)), CLUSTER)
    assert again == frame


json_texts = st.recursive(st.none() | st.booleans() | st.floats() | texts, st.lists, max_leaves=8).map(json.dumps)


@given(st.binary(max_size=60) | json_texts.map(str.encode))
def test_other_values_are_bad_input(value: bytes) -> None:
    for read in (sighting_from_record, camera_state_from_record):
        with pytest.raises(InputError):
            read(a_record(value=value))


json_values = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), texts, st.just([]), st.just({}), st.lists(st.integers(), max_size=4),
    st.just({"a": {"dtype": "int64", "shape": [2], "data": "AAAA"}}),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(sightings, states, st.data())
def test_a_wrong_field_is_bad_input_or_still_a_whole_event(sighting: Sighting, state: CameraState, data: st.DataObject) -> None:
    for message, read in (
        (sighting_to_message(sighting, "sightings", 0), sighting_from_record),
        (camera_state_to_message(state, "camera-state", 0), camera_state_from_record),
    ):
        event = json.loads(message.value or b"")
        event[data.draw(st.sampled_from(sorted(event)))] = data.draw(json_values)
        try:
            read(read_back(replace(message, value=json.dumps(event).encode())))
        except InputError as error:
            assert "@7" in str(error)  # noqa: PT017  the other outcome is that nothing is raised


def test_deeply_nested_json_is_bad_input() -> None:
    for read in (sighting_from_record, camera_state_from_record):
        with pytest.raises(InputError):
            read(a_record(value=b"[" * 100_000))


def test_without_headers_the_record_stands_in() -> None:
    frame = frame_from_record(a_record(), CLUSTER)
    assert frame == EncodedFrame("door", "cluster/camera-frames/3/41", 1_700_000_000_123_000, "", b"\xff\xd8\xff")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"value": None}, RejectReason.EMPTY),
        ({"value": b""}, RejectReason.EMPTY),
        ({"key": None}, RejectReason.BAD_METADATA),
        ({"key": b""}, RejectReason.BAD_METADATA),
        ({"key": b"\xff"}, RejectReason.BAD_METADATA),
        ({"key": b"../etc"}, RejectReason.BAD_METADATA),
        ({"key": b"door\n"}, RejectReason.BAD_METADATA),
        ({"key": b"d" * 129}, RejectReason.BAD_METADATA),
        ({"headers": (("ce_type", b"other.v1"),)}, RejectReason.BAD_METADATA),
        ({"headers": (("ce_specversion", b"0.3"),)}, RejectReason.BAD_METADATA),
        ({"headers": (("ce_source", b"/cameras/window"),)}, RejectReason.BAD_METADATA),
        ({"headers": (("ce_id", b"\xff\xfe"),)}, RejectReason.BAD_METADATA),
        ({"headers": (("ce_id", b"i" * (MAX_FRAME_ID_LENGTH + 1)),)}, RejectReason.BAD_METADATA),
        ({"headers": (("ce_time", b"yesterday"),)}, RejectReason.BAD_METADATA),
        ({"headers": (("ce_time", b"2026-01-01T00:00:00"),)}, RejectReason.BAD_METADATA),
        ({"headers": (("ce_time", b"0001-01-01T00:00:00+10:00"),)}, RejectReason.BAD_METADATA),
        ({"headers": (("ce_time", b"9999-12-31T23:00:00-10:00"),)}, RejectReason.BAD_METADATA),
        ({"timestamp_ms": 2**62}, RejectReason.BAD_METADATA),
    ],
)
def test_frames_without_usable_metadata_are_rejected(changes: dict[str, object], reason: RejectReason) -> None:
    with pytest.raises(RejectedFrame) as caught:
        frame_from_record(a_record(**changes), CLUSTER)
    assert caught.value.reason == reason


@pytest.mark.parametrize("change", [{"version": 2}, {"arrays": {"a": {"dtype": "object", "shape": [1], "data": ""}}}])
def test_states_of_a_later_version_or_an_unknown_dtype_are_refused(change: dict[str, object]) -> None:
    message = camera_state_to_message(CameraState("door"), "camera-state", 0)
    value = {**json.loads(message.value or b""), **change}
    with pytest.raises(InputError):
        camera_state_from_record(read_back(replace(message, value=json.dumps(value).encode())))
