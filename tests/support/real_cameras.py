"""Two rooms and a street, published through the real command line and seen to the end."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

import av
from PIL import Image

from benchmarks.street_camera import unpack_frames
from sightline.adapters.milvus import sighting_ids
from sightline.models.selection import select_models
from sightline.settings import Settings
from sightline.types import Sighting
from support.command_line import CommandLine
from support.invariants import Ledger, read_ledger
from support.processes import until

START = "2026-03-01T08:00:00Z"
"""That of :data:`benchmarks.street_run.START_US`."""

MAN_XYWH = (486, 36, 118, 414)
"""The man in black top and white trousers in the first frame of room B."""
HIS_LEAST_HEIGHT_PX = 230
"""In room A nobody and nothing else is so tall; somebody who looks in at the door at the end is half of that."""
HE_IS_ALONE_UNTIL = datetime.fromisoformat("2026-03-01T08:00:03Z")
"""Until then there is nobody in room A but him, who comes in at the door, smaller."""


@dataclass(frozen=True)
class RealCameras:
    """The running product; cameras ``room-a``, ``room-b`` and ``street``, all frames seen and all sightings searchable.

    Attributes:
        commands: the command line with its settings.
        street: the street's frames, in order, one a second.
        shared_dir: where the videos lie.
    """

    commands: CommandLine
    street: list[Path]
    shared_dir: Path

    @cached_property
    def settings(self) -> Settings:
        return self.commands.settings

    @cached_property
    def ledger(self) -> Ledger:
        return read_ledger(self.settings)

    @property
    def space(self) -> str:
        """Of the embeddings."""
        return select_models(self.settings).embedder.spec.embedding_space.name

    def sightings(self, camera: str) -> list[Sighting]:
        return [one for one in self.ledger.sightings if one.camera == camera]

    def first_frame(self, room: str) -> Image.Image:
        """Of room ``a`` or ``b``."""
        with av.open(str(_video(self.shared_dir, room))) as video:
            return next(video.decode(video=0)).to_image()

    def man_of_room_b(self) -> bytes:
        """A PNG of the man alone."""
        x, y, width, height = MAN_XYWH
        return png(self.first_frame("b").crop((x, y, x + width, y + height)))

    def _publish(self) -> None:
        when = ("--start-time", START, "--fast")
        rooms = (_video(self.shared_dir, room) for room in "ab")
        self.commands.run("publish", *rooms, "--camera", "room-a", "--camera", "room-b", *when)
        self.commands.run("publish", self.street[0].parent, "--camera", "street", "--fps", "1", *when)
        until(lambda: read_ledger(self.settings).lag == 0, timeout_s=600, what="every frame's outcome", every_s=2)
        ids = {one.sighting_id for one in self.ledger.sightings}

        def all_there() -> bool:
            return set(sighting_ids(self.settings.milvus, self.space)) == ids

        until(all_there, timeout_s=120, what="all of them in Milvus", every_s=2)


@contextmanager
def real_cameras(
    shared_dir: Path, *, models: Sequence[str] = (), street_frames: int | None = None, metrics: bool = False
) -> Iterator[RealCameras]:
    """Start the product, publish the three cameras and wait; stopped at the end, which must leave nothing running.

    Args:
        shared_dir: what lies beside the checkout.
        models: files of its ``weights`` to add first; without any, the shipped ones run.
        street_frames: how many of the street's frames; None = all 700.
        metrics: Prometheus watches.
    """
    folder = Path(tempfile.mkdtemp(prefix="sl-real-"))
    commands = CommandLine.make(folder, stream={"mode": "replay", "sample": "all"})
    (folder / "street").mkdir()
    frames = unpack_frames(shared_dir / "data" / "street_camera" / "camera6.tar", folder / "street")
    for unused in frames[street_frames:] if street_frames is not None else []:
        unused.unlink()
    cameras = RealCameras(commands, frames[:street_frames], shared_dir)
    try:
        for file in models:
            assert "ok  " in commands.run("models", "add", shared_dir / "weights" / file).stdout
        commands.run("up", *(["--metrics"] if metrics else []))
        cameras._publish()
        yield cameras
    finally:
        commands.run("down")
        left = commands.left_running()
        shutil.rmtree(folder)
    assert not left


def png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def _video(shared_dir: Path, room: str) -> Path:
    return shared_dir / "data" / "video" / f"room_camera_{room}.mp4"
