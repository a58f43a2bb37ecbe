"""Two nets that users bring, as they come from their makers: wrapped, held against the originals, and run on Triton."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from sightline.adapters.triton import TritonAdmin, TritonInference
from sightline.geometry import crop, letterbox
from sightline.models.adding import add_model
from sightline.models.checking import check_model
from sightline.models.local_inference import LocalInference
from sightline.models.repository import InstalledModel, ModelRepository
from sightline.models.session import OnnxSession
from sightline.stages.detector import Detector
from sightline.stages.embedder import Embedder

pytestmark = pytest.mark.shared

YOLOX = "yolox_nano_416.onnx"
OSNET = "osnet_x0_25_msmt17.onnx"


@pytest.fixture(scope="module")
def frames(shared_dir: Path) -> list[np.ndarray]:
    """A frame a second of the two room cameras: people are in all of them."""
    found = []
    for name in ("room_camera_a.mp4", "room_camera_b.mp4"):
        with av.open(str(shared_dir / "data" / "video" / name)) as video:
            found += [frame.to_ndarray(format="rgb24") for frame in list(video.decode(video=0))[:100:25]]
    return found


@pytest.fixture(scope="module")
def people(shared_dir: Path) -> list[tuple[str, str, np.ndarray]]:
    """Identity, camera and crop of the first 20 test identities."""
    found = []
    with tarfile.open(shared_dir / "data" / "market1501" / "images.tar") as archive:
        members = [member for member in archive if "/bounding_box_test/" in member.name and member.name.endswith(".jpg")]
        identities = sorted({Path(member.name).name[:4] for member in members})[:20]
        for member in members:
            name = Path(member.name).name
            if name[:4] in identities:
                encoded = np.frombuffer(io.BytesIO(archive.extractfile(member).read()).getbuffer(), np.uint8)
                found.append((name[:4], name[6], cv2.imdecode(encoded, cv2.IMREAD_COLOR)[:, :, ::-1]))
    return found


def add(folder: Path, shared_dir: Path, file: str, pictures, **options) -> InstalledModel:
    added = add_model(ModelRepository([folder]), shared_dir / "weights" / file, pictures=pictures, **options)
    assert added.acceptance.accepted
    assert added.acceptance.compared > 10
    return added.model


@pytest.fixture
def detector(tmp_path, shared_dir, frames) -> InstalledModel:
    return add(tmp_path / "models", shared_dir, YOLOX, frames)


@pytest.fixture
def embedder(tmp_path, shared_dir, people) -> InstalledModel:
    return add(tmp_path / "models", shared_dir, OSNET, [image for *_, image in people[:16]])


async def test_the_detector_finds_the_people_of_a_room(detector, frames):
    stage = Detector(LocalInference.load([detector]), detector.spec, min_score=0.5)
    canvases = np.stack([letterbox(frame, detector.spec.canvas_hw)[0] for frame in frames])
    found = await stage.detect(canvases)
    assert all(len(detections) >= 1 for detections in found)
    for detections in found:
        sides = detections.boxes_xyxy[:, 2:] - detections.boxes_xyxy[:, :2]
        assert (sides[:, 1] > sides[:, 0]).mean() > 0.5  # people stand: colours or axes the wrong way round would not do
        assert (np.diff(detections.scores) <= 0).all()


def test_the_detector_agrees_with_the_original_box_by_box(detector, shared_dir, frames):
    """The wrapped net against the original with a decoding and suppression of the test's own."""
    original = OnnxSession.open(shared_dir / "weights" / YOLOX, name="original")
    wrapped = OnnxSession.open(detector.onnx, name="wrapped")
    canvases = np.stack([letterbox(frame, (416, 416))[0] for frame in frames])
    together = wrapped.run({"image": canvases})
    for canvas, boxes, scores in zip(canvases, together["boxes"], together["scores"], strict=True):
        raw = original.run({"images": canvas[None, :, :, ::-1].transpose(0, 3, 1, 2).astype(np.float32)})["output"][0]
        wanted = _decode_and_suppress(raw)
        count = int((scores > 0).sum())
        assert count == len(wanted)
        np.testing.assert_allclose(boxes[:count], [box for _, box in wanted], atol=0.05)
        np.testing.assert_allclose(scores[:count], [score for score, _ in wanted], atol=1e-4)


def _decode_and_suppress(raw: np.ndarray) -> list[tuple[float, np.ndarray]]:
    candidates, row = [], 0
    for stride in (8, 16, 32):
        for y in range(416 // stride):
            for x in range(416 // stride):
                score = raw[row, 4] * raw[row, 5]
                if score > 0.01:
                    centre = (raw[row, :2] + (x, y)) * stride
                    half = np.exp(raw[row, 2:4]) * stride / 2
                    candidates.append((float(score), np.concatenate([centre - half, centre + half])))
                row += 1
    kept: list[tuple[float, np.ndarray]] = []
    for score, box in sorted(candidates, key=lambda candidate: -candidate[0]):
        if len(kept) < 100 and all(_iou(box, other) <= 0.65 for _, other in kept):
            kept.append((score, box))
    return kept


def _iou(a: np.ndarray, b: np.ndarray) -> float:
    sides = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    both = float(np.prod(np.maximum(sides, 0)))
    return both / (float(np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2])) - both)


async def test_the_embedder_finds_people_again_in_other_cameras(embedder, people):
    """Rank 1 among crops of other cameras. Its makers' preprocessing gives 0.68 on other people of this set."""
    stage = Embedder(LocalInference.load([embedder]), embedder.spec)
    rule = embedder.spec.crop
    whole = np.array([0, 0, 64, 128], np.float32)
    vectors = (await stage.embed(np.stack([crop(image, whole, rule) for *_, image in people]))).vectors
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    identities, cameras = (np.array([person[i] for person in people]) for i in (0, 1))
    scores = vectors @ vectors.T
    scores[cameras[:, None] == cameras[None]] = -1
    answerable = [
        (row != -1).any() and (identities[row != -1] == pid).any() for row, pid in zip(scores, identities, strict=True)
    ]
    rank1 = (identities[scores.argmax(axis=1)] == identities)[answerable].mean()
    assert rank1 > 0.7


@pytest.mark.stack
@pytest.mark.parametrize("shared_memory", ["on", "off"])
async def test_triton_gives_what_onnxruntime_gives(
    triton_settings, unique_prefix, shared_dir, frames, people, *, shared_memory
):
    folder, suffix = triton_settings.model_repositories[-1], unique_prefix.strip("-")
    models = {
        f"detector_{suffix}": add(folder, shared_dir, YOLOX, frames, name=f"detector_{suffix}"),
        f"reid_{suffix}": add(folder, shared_dir, OSNET, frames, name=f"reid_{suffix}"),
    }
    triton = TritonInference(triton_settings.triton.model_copy(update={"shared_memory": shared_memory}))
    await triton.open()
    async with TritonAdmin(triton_settings.triton) as admin:
        for name, model in models.items():
            await admin.load(name)
            pictures = frames if model.spec.kind == "detector" else [image for *_, image in people[:16]]
            check = await check_model(model, pictures, triton=triton)
            assert check.on_triton
            assert check.passed, [difference.describe() for difference in check.differences]
            await admin.unload(name)
    await triton.close()
