"""The table of exported crops as a Parquet file; pyarrow is known to this file alone."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sightline.errors import InputError
from sightline.exported_crop import ExportedCrop
from sightline.types import to_us

_ROW_GROUP = 10_000
_VERSION = b"1"
_SCHEMA = pa.schema(
    [
        ("sighting_id", pa.string()),
        ("identity", pa.string()),
        ("camera", pa.string()),
        ("frame_id", pa.string()),
        ("captured_at", pa.timestamp("us", tz="UTC")),
        ("track", pa.string()),
        ("crop", pa.string()),
        ("box_xywh", pa.list_(pa.float32())),
        ("score", pa.float32()),
        ("quality", pa.float32()),
        ("keypoints", pa.list_(pa.float32())),
        ("attributes", pa.map_(pa.string(), pa.float32())),
    ],
    metadata={"sightline.crops": _VERSION},
)


class ParquetCropTable:
    """See :class:`sightline.exporting.CropTable`."""

    def write(self, path: Path, rows: Iterable[ExportedCrop]) -> None:
        """See the port."""
        partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}.partial")
        try:
            with pq.ParquetWriter(partial, _SCHEMA) as writer:
                remaining = iter(rows)
                while group := [_to_row(crop) for crop in islice(remaining, _ROW_GROUP)]:
                    writer.write_table(pa.Table.from_pylist(group, _SCHEMA))
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)

    def read(self, path: Path) -> Iterator[ExportedCrop]:
        """See the port."""
        try:
            with pq.ParquetFile(path) as file:
                if not file.schema_arrow.equals(_SCHEMA):
                    raise InputError(f"{path} is not a table of exported crops: its columns are {file.schema_arrow.names}")
                for batch in file.iter_batches(_ROW_GROUP):
                    yield from map(_from_row, batch.to_pylist())
        except (pa.ArrowException, OSError) as error:
            raise InputError(f"{path} cannot be read as a table of exported crops: {error}") from error


def _to_row(crop: ExportedCrop) -> dict[str, Any]:
    return {
        "sighting_id": crop.sighting_id,
        "identity": crop.identity,
        "camera": crop.camera,
        "frame_id": crop.frame_id,
        "captured_at": crop.captured_at_us,
        "track": crop.track,
        "crop": crop.crop,
        "box_xywh": crop.box_xywh,
        "score": crop.score,
        "quality": crop.quality,
        "keypoints": None if crop.keypoints is None else crop.keypoints.ravel(),
        "attributes": list(crop.attributes.items()),
    }


def _from_row(row: dict[str, Any]) -> ExportedCrop:
    box, keypoints = row["box_xywh"], row["keypoints"]
    return ExportedCrop(
        sighting_id=row["sighting_id"],
        identity=row["identity"],
        camera=row["camera"],
        frame_id=row["frame_id"],
        captured_at_us=to_us(row["captured_at"]),
        track=row["track"],
        crop=row["crop"],
        box_xywh=None if box is None else (box[0], box[1], box[2], box[3]),
        score=row["score"],
        quality=row["quality"],
        keypoints=None if keypoints is None else np.array(keypoints, np.float32).reshape(-1, 3),
        attributes=dict(row["attributes"]),
    )
