"""The RTSP source against a real RTSP server that drops frames, is killed, and comes back."""

from __future__ import annotations

import logging
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path
from random import Random

import av
import numpy as np
import pytest

from sightline.cameras.options import SourceOptions
from sightline.cameras.rtsp import RtspSource
from sightline.decoding import ImageLimits, decode_image
from sightline.errors import InputError
from sightline.types import EncodedFrame

PYTHON = "/usr/bin/python3"
PACKAGES = "gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good python3-gi"
FPS = 10
TEST_PICTURE = (
    f"( videotestsrc is-live=true ! video/x-raw,format=I420,width=160,height=120,framerate={FPS}/1 %s "
    "! jpegenc ! rtpjpegpay name=pay0 )"
)
SMPTE = TEST_PICTURE % ""
LIMITS = ImageLimits(1 << 20, 1 << 20, 1 << 12)


class RtspServer:
    """The server in a process of its own; killed and started again on the same port."""

    def __init__(self) -> None:
        self.port = 0
        self._process: subprocess.Popen[str] | None = None

    def start(self, pipeline: str, *, credentials: str | None = None) -> None:
        script = Path(__file__).with_name("rtsp_server.py")
        command = [PYTHON, str(script), str(self.port), pipeline, *([credentials] if credentials else [])]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def url(self, path: str = "camera", credentials: str = "") -> str:
        return f"rtsp://{credentials}{'@' if credentials else ''}127.0.0.1:{self.port}/{path}"


@pytest.fixture
def server() -> Iterator[RtspServer]:
    check = "import gi; gi.require_version('GstRtspServer', '1.0')"
    if subprocess.run([PYTHON, "-c", check], capture_output=True, check=False).returncode:
        reason = f"no RTSP server here: apt-get install {PACKAGES}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    server = RtspServer()
    yield server
    server.kill()


@pytest.fixture
def watch() -> Iterator[Callable[[str], RtspSource]]:
    """``watch(url)``: a source that is closed at the end."""
    opened: list[RtspSource] = []

    def watch(url: str, **options: object) -> RtspSource:
        opened.append(RtspSource(url, options=SourceOptions("door", **options), random=Random(1)))
        return opened[-1]

    yield watch
    for source in opened:
        source.close()


def missing_between(earlier: EncodedFrame, later: EncodedFrame) -> int:
    return round((later.captured_at_us - earlier.captured_at_us) * FPS / 1e6) - 1


def test_pictures_come_with_capture_times_and_ids(server: RtspServer, watch: Callable[..., RtspSource]) -> None:
    server.start(SMPTE)
    began_us = time.time() * 1e6
    source = watch(server.url())
    frames = list(islice(source.frames(), 12))
    assert {(frame.camera, frame.content_type) for frame in frames} == {("door", "image/jpeg")}
    assert len({frame.frame_id for frame in frames}) == 12
    assert all(later.captured_at_us > earlier.captured_at_us for earlier, later in pairwise(frames))
    assert began_us < frames[0].captured_at_us
    assert frames[-1].captured_at_us < time.time() * 1e6
    assert source.lost() == 0
    image = decode_image(frames[0].data, limits=LIMITS)
    assert image.shape == (120, 160, 3)
    # the yellow bar; GStreamer's JPEG encoder takes its limited range for the full one
    np.testing.assert_allclose(image[30, 34].astype(int), (235, 235, 11), atol=12)


def test_h264_is_decoded(server: RtspServer, watch: Callable[..., RtspSource], tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"g": "5", "bf": "0"})
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for index in range(300):
            frame = av.VideoFrame.from_ndarray(np.full((120, 160, 3), (200, 40, 40), np.uint8), format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    server.start(f"( filesrc location={path} ! qtdemux ! rtph264pay name=pay0 config-interval=1 )")
    frames = list(islice(watch(server.url()).frames(), 8))
    image = decode_image(frames[-1].data, limits=LIMITS)
    np.testing.assert_allclose(image[60, 80].astype(int), (200, 40, 40), atol=8)


def test_a_lower_rate_is_taken_from_all(server: RtspServer, watch: Callable[..., RtspSource]) -> None:
    server.start(SMPTE)
    frames = list(islice(watch(server.url(), fps=2).frames(), 4))
    assert [missing_between(*pair) for pair in pairwise(frames)][1:] == [4, 4]


def test_every_frame_that_the_server_drops_is_counted(server: RtspServer, watch: Callable[..., RtspSource]) -> None:
    server.start(TEST_PICTURE % "! identity drop-probability=0.25")
    source = watch(server.url())
    frames = list(islice(source.frames(), 40))
    missing = [missing_between(*pair) for pair in pairwise(frames)]
    assert source.lost() == sum(missing) > 0


def test_it_reconnects_after_the_server_died_and_counts_the_outage(
    server: RtspServer, watch: Callable[..., RtspSource], caplog: pytest.LogCaptureFixture
) -> None:
    server.start(SMPTE)
    source = watch(server.url())
    pictures = source.frames()
    before = list(islice(pictures, 10))
    server.kill()
    restart = threading.Timer(2.0, server.start, (SMPTE,))
    restart.start()
    after = list(islice(pictures, 10))
    restart.join()
    outage = missing_between(before[-1], after[0])
    assert outage >= FPS  # it was away for longer than a second
    assert source.lost() == pytest.approx(outage, abs=1)
    assert len({frame.frame_id for frame in before + after}) == 20
    assert all(later.captured_at_us > earlier.captured_at_us for earlier, later in pairwise(before + after))
    assert "trying again in" in caplog.text


def test_it_waits_for_a_camera_that_is_not_up_yet(server: RtspServer, watch: Callable[..., RtspSource]) -> None:
    server.start(SMPTE)
    server.kill()  # the port is known now, and nobody listens
    restart = threading.Timer(1.0, server.start, (SMPTE,))
    restart.start()
    source = watch(server.url())
    assert next(source.frames()).data
    restart.join()
    assert source.lost() == 0


def test_close_ends_the_waiting_for_a_camera(server: RtspServer, watch: Callable[..., RtspSource]) -> None:
    server.start(SMPTE)
    server.kill()
    source = watch(server.url())
    threading.Timer(0.5, source.close).start()
    assert list(source.frames()) == []


def test_a_wrong_path_is_named_with_the_next_step(server: RtspServer, watch: Callable[..., RtspSource]) -> None:
    server.start(SMPTE)
    with pytest.raises(InputError, match=r"404 Not Found: check the address, path, user and password"):
        next(watch(server.url("nothing-here")).frames())


def test_passwords_are_asked_for_used_and_never_shown(
    server: RtspServer, watch: Callable[..., RtspSource], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.start(SMPTE, credentials="guard:open-sesame")
    assert next(watch(server.url(credentials="guard:open-sesame")).frames()).data
    with pytest.raises(InputError, match="401") as refused:
        next(watch(server.url(credentials="guard:wrong-word")).frames())
    said = str(refused.value) + caplog.text
    assert "open-sesame" not in said
    assert "wrong-word" not in said
