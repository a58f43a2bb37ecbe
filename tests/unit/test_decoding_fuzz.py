"""Whatever the bytes are: a valid picture within the limits, or a RejectedFrame; nothing else, and bounded memory."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sightline.decoding import ImageLimits, decode_image
from sightline.errors import RejectedFrame

IMAGES = Path(__file__).parents[1] / "corpus" / "images"
SEEDS = sorted(path for path in IMAGES.rglob("*") if path.is_file())
MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR", b"RIFF\xff\x00\x00\x00WEBPVP8 ", b"")
SMALL = ImageLimits(max_bytes=1 << 16, max_pixels=1 << 16, max_side=4096)

fuzz = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
seeds = st.sampled_from(SEEDS).map(Path.read_bytes)
limits = st.builds(
    ImageLimits, max_bytes=st.integers(1, 1 << 14), max_pixels=st.integers(1, 1 << 14), max_side=st.integers(1, 4096)
)
content_types = st.one_of(st.just(""), st.sampled_from(["image/jpeg", "image/png", "image/webp"]), st.text(max_size=20))


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A picture of the corpus with bytes overwritten, removed and inserted, and perhaps cut off."""
    data = bytearray(draw(seeds))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(data)))
        data[at : at + draw(st.integers(0, 16))] = draw(st.binary(max_size=16))
    return bytes(data[: draw(st.one_of(st.just(len(data)), st.integers(0, len(data))))])


def judge(data: bytes, limit: ImageLimits, content_type: str = "") -> None:
    try:
        image = decode_image(data, content_type=content_type, limits=limit)
    except RejectedFrame:
        return
    height, width, channels = image.shape
    assert image.dtype == np.uint8
    assert channels == 3
    assert image.flags.c_contiguous
    assert 1 <= max(height, width) <= limit.max_side
    assert 1 <= height * width <= limit.max_pixels


@fuzz
@given(magic=st.sampled_from(MAGIC), rest=st.binary(max_size=300), content_type=content_types)
def test_arbitrary_bytes(magic: bytes, rest: bytes, content_type: str) -> None:
    judge(magic + rest, SMALL, content_type)


@pytest.mark.filterwarnings("error")
@fuzz
@given(data=mutated())
def test_mutated_pictures(data: bytes) -> None:
    judge(data, SMALL)


@fuzz
@given(data=seeds, limit=limits, content_type=content_types)
def test_every_limit(data: bytes, limit: ImageLimits, content_type: str) -> None:
    judge(data, limit, content_type)


@fuzz
@given(width=st.integers(0, 2**16 - 1), height=st.integers(0, 2**16 - 1), data=seeds)
def test_memory_is_bounded_whatever_size_a_header_claims(width: int, height: int, data: bytes) -> None:
    claims = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    frame = max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2"))
    claiming = data[: frame + 5] + claims + data[frame + 9 :] if frame >= 0 else data
    tracemalloc.start()
    try:
        judge(claiming, SMALL)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * 3 * SMALL.max_pixels + (1 << 20)
