"""The synthetic world as a source of frames: through the publisher's own machinery, with its truth."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sightline.cameras.options import SourceOptions
from sightline.cameras.publishing import Publishing
from sightline.cameras.synthetic.source import SyntheticSource
from sightline.cameras.synthetic.truth_record import TruthFile
from sightline.cameras.synthetic.world import World
from sightline.errors import InputError
from sightline.skeleton import JOINTS
from sightline.types import EncodedFrame

START_US = 1_790_000_000_000_000


def options(camera: str, *, paced: bool = False, fps: float | None = 2.0) -> SourceOptions:
    return SourceOptions(camera, fps=fps, start_us=START_US, paced=paced, jpeg_quality=95)


def test_two_cameras_are_published_with_their_truth(small_world: World, tmp_path: Path) -> None:
    handed: list[EncodedFrame] = []
    file = TruthFile(tmp_path / "truth.jsonl")
    sources = {
        view.name: SyntheticSource(view, seed=5, options=options(view.name), on_truth=file.append, frames=4)
        for view in small_world.views
    }
    publishing = Publishing(sources, handed.append)
    publishing.start()
    assert publishing.wait(60)
    assert publishing.faults() == {}
    file.close()
    records = {
        (each["camera"], each["frame_id"]): each
        for each in map(json.loads, (tmp_path / "truth.jsonl").read_text().splitlines())
    }
    assert len(handed) == len(records) == 8
    for frame in handed:
        record = records[frame.camera, frame.frame_id]
        assert record["captured_at_us"] == frame.captured_at_us
        view = next(view for view in World(5, cameras=2, size_wh=(360, 288)).views if view.name == frame.camera)
        again = view.frame(frame.captured_at_us)  # whoever knows seed, camera and time knows the truth
        assert [person["pid"] for person in record["people"]] == again.truth.pids.tolist()
        assert [person["box"] for person in record["people"]] == again.truth.boxes_xywh.tolist()
        assert all(len(person["joints"]) == len(JOINTS) for person in record["people"])
        picture = np.asarray(Image.open(io.BytesIO(frame.data)))
        assert np.abs(picture.astype(int) - again.image).mean() < 6


def test_capture_times_and_ids_are_evenly_spaced_and_the_same_again(small_world: World) -> None:
    view = small_world.views[0]
    one, other = (list(SyntheticSource(view, seed=5, options=options("hall"), frames=3).frames()) for _ in range(2))
    assert [frame.captured_at_us - START_US for frame in one] == [0, 500_000, 1_000_000]
    assert one == other
    assert len({frame.frame_id for frame in one}) == 3


def test_a_source_that_is_late_leaves_frames_out_and_counts_them(small_world: World) -> None:
    """The clock of this test runs 1.2 s with each look: 2 frames a second cannot all be made."""
    now = [0.0]

    def clock() -> float:
        now[0] += 1.2
        return now[0]

    source = SyntheticSource(small_world.views[0], seed=5, options=options("c", paced=True), frames=12, clock=clock)
    made = [frame.captured_at_us - START_US for frame in source.frames()]
    assert 1 < len(made) < 12
    assert len(made) + source.lost() == 12
    assert all(time_us % 500_000 == 0 for time_us in made)


def test_a_closed_source_ends(small_world: World) -> None:
    source = SyntheticSource(small_world.views[0], seed=5, options=options("c"))
    made = 0
    for _ in source.frames():
        made += 1
        source.close()
    assert made == 1


def test_a_truth_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere.truth\.jsonl cannot be written"):
        TruthFile(tmp_path / "nowhere" / "truth.jsonl")
