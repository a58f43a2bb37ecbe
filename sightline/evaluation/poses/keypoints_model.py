"""The model of key points to evaluate: one of the model repositories, or the ONNX file of one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sightline.errors import ConfigurationError, NotFoundError
from sightline.geometry import crop
from sightline.models.repository import ModelRepository
from sightline.models.session import OnnxSession
from sightline.settings import Settings
from sightline.skeleton import JOINTS, indices
from sightline.spec import SPEC_FILE, ModelSpec, file_sha256
from sightline.types import Float32Array, UInt8Array


@dataclass(frozen=True, slots=True, eq=False)
class LoadedKeypoints:
    """A model of kind ``keypoints`` that runs in this process."""

    spec: ModelSpec
    session: OnnxSession

    def find(self, image: UInt8Array) -> Float32Array:
        """The joints of the person on a picture that shows one, cut as the stream cuts people.

        Args:
            image: uint8 RGB (H, W, 3).

        Returns:
            float32 (19, 3): x, y in pixels of the picture, confidence, of :data:`sightline.skeleton.JOINTS`; joints that the
            model does not have are 0.

        Raises:
            ModelError: the net cannot be run.
        """
        rule = self.spec.crop
        assert rule is not None, "every kind but the detector has a crop rule: ModelSpec checks it"
        whole_wh = np.array([image.shape[1], image.shape[0]], np.float32)
        outputs = self.session.run({"crop": crop(image, np.array([0, 0, *whole_wh], np.float32), rule)[None]})
        crop_wh = np.array(rule.size_hw[::-1], np.float32)
        scale = whole_wh / crop_wh if rule.fit == "stretch" else 1 / min(crop_wh / whole_wh)
        found = np.zeros((len(JOINTS), 3), np.float32)
        places = list(indices(self.spec.joints))
        found[places, :2], found[places, 2] = outputs["xy"][0] * scale, outputs["confidence"][0]
        return found


def keypoints_model(model: str, settings: Settings) -> ModelSpec | None:
    """The spec of a model of key points by its name in the repositories or its file there; None = it is of another kind."""
    try:
        spec = _located(model, settings)[0]
    except NotFoundError:
        return None
    return spec if spec is not None and spec.kind == "keypoints" else None


def load_keypoints(model: str, settings: Settings, *, threads: int) -> LoadedKeypoints:
    """Load one that :func:`keypoints_model` knows.

    Raises:
        ConfigurationError: it is none.
        ModelError: its file was changed, or cannot be run.
    """
    spec, file = _located(model, settings)
    if spec is None or spec.kind != "keypoints":
        raise ConfigurationError(f"{model} is no model of key points")
    return LoadedKeypoints(spec, OnnxSession.open(file, name=spec.name, threads=threads))


def _located(model: str, settings: Settings) -> tuple[ModelSpec | None, Path]:
    file = Path(model)
    if file.is_file():
        folder = file.resolve().parent.parent
        ours = (folder / SPEC_FILE).is_file() and ModelSpec.read(folder).sha256 == file_sha256(file)
        return (ModelSpec.read(folder) if ours else None), file
    installed = ModelRepository(settings.model_repositories).find(model)
    return installed.spec, installed.onnx
