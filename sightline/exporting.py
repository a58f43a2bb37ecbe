"""Crops of the stream as a data set: a Parquet table and a folder of pictures, made from ``sightings`` and the blob store.

Pictures are written first, the table last and whole: an export that is interrupted has an empty table, or its old one, and can
be repeated; what is there already is not fetched again. What was erased, or is no longer wanted, goes from an older export in
the same folder.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from sightline.blob_keys import checked_key
from sightline.errors import ConfigurationError, InputError, NotFoundError
from sightline.exported_crop import TABLE, ExportedCrop
from sightline.ports import BlobStore
from sightline.standing import Replay, standing_records
from sightline.types import Sighting, SightingFilter
from sightline.wire import Record, sighting_from_record

_EVERYTHING = SightingFilter()


class CropTable(Protocol):
    """Where the rows are kept."""

    def write(self, path: Path, rows: Iterable[ExportedCrop]) -> None:
        """Replace the table, whole or not at all; ``rows`` is consumed as it goes."""
        ...

    def read(self, path: Path) -> Iterator[ExportedCrop]:
        """The rows, in order. Raises InputError where it is no such table."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which sightings are exported.

    Attributes:
        where: cameras and times.
        min_quality: worse crops teach little.
        corrections: track -> identity, None = left out; tracks that are not named are identities of their own.
    """

    where: SightingFilter = _EVERYTHING
    min_quality: float = 0.0
    corrections: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(slots=True)
class Exported:
    """What an export did.

    Attributes:
        identities: crops by identity.
        cameras: crops by camera.
        left_out: sightings by why: ``not wanted``, ``corrected away``, ``no crop``, ``unreadable``.
        removed: pictures of an older export that went.
        unknown_tracks: tracks of the corrections of which there is no crop.
    """

    identities: Counter[str] = field(default_factory=Counter)
    cameras: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    removed: int = 0
    unknown_tracks: set[str] = field(default_factory=set)


def export_crops(
    replay: Replay,
    blobs: BlobStore,
    table: CropTable,
    folder: Path,
    *,
    wanted: Wanted | None = None,
    on_progress: Callable[[int], None] = lambda count: None,
) -> Exported:
    """Write the table and the pictures into a folder.

    Args:
        replay: of the topic ``sightings``; it is read twice.
        blobs: where the stream keeps its crops.
        table: writes the rows.
        folder: is made; may hold an older export, nothing else.
        wanted: unset = all.
        on_progress: told how many records were read, batch by batch, in both passes.

    Raises:
        ConfigurationError: the folder holds something else.
        InputError: the folder's table is another one.
        ServiceUnavailable: Kafka or the blob store is away; run it again.
    """
    before = _crops_before(folder, table)
    standing = standing_records(replay, on_progress)
    sightings = _sightings(replay, standing.stands, on_progress)
    export = _Export(folder, blobs, wanted or Wanted())
    table.write(folder / TABLE, export.rows(sightings))
    export.done.unknown_tracks = set(export.wanted.corrections) - export.tracks
    export.done.removed = _remove(folder, before - export.written)
    return export.done


def _crops_before(folder: Path, table: CropTable) -> set[str]:
    """Pictures of an older export in this folder, a finished one or not.

    The table is there before the first picture, though empty: it says that what lies beside it is an export's.
    """
    if not folder.exists() or not any(folder.iterdir()):
        folder.mkdir(parents=True, exist_ok=True)
        table.write(folder / TABLE, ())
    if not (folder / TABLE).is_file():
        raise ConfigurationError(f"{folder} is not empty and holds no older export: name another folder")
    next(table.read(folder / TABLE), None)  # it is one of ours
    return {path.relative_to(folder).as_posix() for path in (folder / "crops").glob("*/*.jpg")}


def _sightings(
    replay: Replay, stands: Callable[[Record], bool], on_progress: Callable[[int], None]
) -> Iterator[Sighting | None]:
    """Each that stands; None for one that cannot be read."""
    for records in replay.records():
        for record in records:
            if stands(record):
                try:
                    yield sighting_from_record(record)
                except InputError:
                    yield None
        on_progress(len(records))


class _Export:
    """Sightings to rows, their pictures written on the way."""

    def __init__(self, folder: Path, blobs: BlobStore, wanted: Wanted) -> None:
        self._folder = folder
        self._blobs = blobs
        self.wanted = wanted
        self.done = Exported()
        self.written: set[str] = set()
        self.tracks: set[str] = set()

    def rows(self, sightings: Iterable[Sighting | None]) -> Iterator[ExportedCrop]:
        for sighting in sightings:
            row = "unreadable" if sighting is None else self._row(sighting)
            if isinstance(row, str):
                self.done.left_out[row] += 1
                continue
            self.tracks.add(row.track)
            self.written.add(row.crop)
            self.done.identities[row.identity] += 1
            self.done.cameras[row.camera] += 1
            yield row

    def _row(self, sighting: Sighting) -> ExportedCrop | str:
        """The row, its picture written; or why there is none."""
        if sighting.quality < self.wanted.min_quality or not self.wanted.where.passes(sighting):
            return "not wanted"
        identity = self.wanted.corrections.get(sighting.track, sighting.track)
        if identity is None:
            self.tracks.add(sighting.track)
            return "corrected away"
        try:
            crop = checked_key(f"crops/{sighting.camera}/{sighting.sighting_id}.jpg")
        except InputError:
            return "unreadable"
        if not self._fetched(sighting.crop_key, self._folder / crop):
            return "no crop"
        return ExportedCrop(
            sighting_id=sighting.sighting_id,
            identity=identity,
            camera=sighting.camera,
            frame_id=sighting.frame_id,
            captured_at_us=sighting.captured_at_us,
            track=sighting.track,
            crop=crop,
            box_xywh=sighting.crop_box_xywh,
            score=sighting.score,
            quality=sighting.quality,
            keypoints=sighting.keypoints,
            attributes=sighting.attributes,
        )

    def _fetched(self, key: str | None, target: Path) -> bool:
        """Whether the picture is there now; a sighting's crop never changes, so one that is there is not fetched again."""
        if target.is_file():
            return True
        if key is None:
            return False
        try:
            data = self._blobs.get(key)
        except (NotFoundError, InputError):  # past its retention, or no key of ours
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.{uuid.uuid4().hex}.partial")
        partial.write_bytes(data)
        partial.replace(target)
        return True


def _remove(folder: Path, crops: set[str]) -> int:
    for crop in crops:
        (folder / crop).unlink()
    return len(crops)
