"""``sightline export-crops`` from a real Kafka and a folder of crops, up to a training batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.processes import write_settings
from support.recorded import make_sightings, record
from typer.testing import CliRunner

from sightline.adapters.blobs import open_blobs
from sightline.cli.app import app
from sightline.errors import ConfigurationError
from sightline.settings import Settings
from sightline.stages.stored_crop import stored_crop
from sightline.types import Sighting
from training.config import AugmentConfig
from training.data.config import DataConfig
from training.data.opening import NetInput, open_training_data

pytestmark = pytest.mark.stack


def export(settings: Settings, folder: Path, *arguments: str | Path) -> str:
    command = ["export-crops", str(folder), "--config", str(write_settings(settings, folder.parent)), *map(str, arguments)]
    result = CliRunner().invoke(app, command)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def seen(settings: Settings, count: int) -> list[Sighting]:
    """Sightings of three cameras, five to a track, their crops kept as the stream keeps them."""
    rng = np.random.default_rng(0)
    blobs = open_blobs(settings)
    sightings = []
    for index, row in enumerate(make_sightings(count)):
        frame = rng.integers(0, 256, (200, 120, 3), np.uint8)
        crop = stored_crop(frame, np.array([30, 40, 80, 150], np.float32), settings.stream)
        key = f"{row.camera}/{row.sighting_id}.jpg"
        blobs.put(key, crop.jpeg)
        track = f"{row.camera}/{index // 15}"
        sightings.append(replace(row, track=track, crop_key=key, crop_box_xywh=crop.box_xywh))
    return sightings


def test_what_the_cameras_saw_can_be_trained_on(stack: Callable[..., Settings], tmp_path: Path) -> None:
    settings = stack("kafka")
    rows = seen(settings, 60)
    record(settings, rows)
    record(settings, make_sightings(5, seed=1), commit=False)
    record(settings, [("bad", b"not an event"), (rows[0].sighting_id, None)])
    corrections = tmp_path / "same.csv"
    corrections.write_text("track,pid\n" + "".join(f"camera-{camera}/0,anna\ncamera-{camera}/1,bo\n" for camera in range(3)))
    folder = tmp_path / "people"
    said = export(settings, folder, "--corrections", corrections)
    assert "59 crops of 8 identities in 3 cameras" in said
    assert "1 sightings left out: unreadable" in said

    net = NetInput((128, 64), AugmentConfig(flip=0.0))
    data = open_training_data(DataConfig(path=folder), net)
    assert data.training.facts.classes == 6
    assert len(data.training) + len(data.evaluation.query) + len(data.evaluation.gallery) == 59
    batch = data.training.batch(np.arange(4), seed=0, epoch=0)
    assert batch.inputs.images.shape == (4, 3, 128, 64)

    record(settings, [(rows[1].sighting_id, None)])
    assert "1 crops of the older export removed" in export(settings, folder, "--camera", "camera-0", "--camera", "camera-1",
                                                           "--camera", "camera-2")  # fmt: skip
    assert not (folder / "crops" / rows[1].camera / f"{rows[1].sighting_id}.jpg").exists()


def test_a_missing_topic_is_named(stack: Callable[..., Settings], tmp_path: Path) -> None:
    here = stack("kafka")
    elsewhere = here.model_copy(update={"kafka": here.kafka.model_copy(update={"topic_prefix": "nobody-"})})
    with pytest.raises(ConfigurationError, match=r"nobody-sightings.*sightline up"):
        export(elsewhere, tmp_path / "people")
