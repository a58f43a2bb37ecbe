"""The model to evaluate: one of the model repositories, or an ONNX file, ours or one that the importer wraps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sightline.errors import ConfigurationError, ModelError, NotFoundError
from sightline.models.importer.importing import default_name, import_model
from sightline.models.importer.recipe import OSNET, recipe_for
from sightline.models.importer.recognising import recognise
from sightline.models.importer.source import read_source
from sightline.models.pictures import draw_pictures
from sightline.models.repository import ModelRepository
from sightline.models.session import OnnxSession, SessionTensor
from sightline.settings import Settings
from sightline.spec import SPEC_FILE, CropRule, ModelSpec, TensorSpec, file_sha256

ONNX_SUFFIX = ".onnx"
CROP, KEYPOINTS, EMBEDDING, ATTRIBUTES = "crop", "keypoints", "embedding", "attributes"
CHANNELS = 3


@dataclass(frozen=True, slots=True, eq=False)
class LoadedEmbedder:
    """An embedder that runs in this process."""

    spec: ModelSpec
    session: OnnxSession

    @property
    def uses_keypoints(self) -> bool:
        return any(tensor.name == KEYPOINTS for tensor in self.spec.inputs)


def load_embedder(model: str, settings: Settings, *, threads: int) -> LoadedEmbedder:
    """Load a model for evaluation. Blocking: some seconds where it is to be wrapped first.

    Args:
        model: a name in the model repositories, or the path of an ONNX file.
        settings: say where the repositories are.
        threads: of ONNX Runtime.

    Raises:
        ConfigurationError: there is no such model, or it is no embedder.
        ModelError: the file cannot be used as an embedder; the message says what was expected and found.
    """
    file = Path(model)
    if file.suffix == ONNX_SUFFIX or file.is_file():
        return _from_file(file, threads)
    try:
        installed = ModelRepository(settings.model_repositories).find(model)
    except NotFoundError as error:
        raise ConfigurationError(f"{error}; or name an ONNX file, or the weights.pt of a training run") from error
    if installed.spec.kind != "embedder":
        raise ConfigurationError(f"{model} is of kind {installed.spec.kind}: only embedders can be evaluated")
    installed.verify()
    return LoadedEmbedder(installed.spec, OnnxSession.open(installed.onnx, name=model, threads=threads))


def _from_file(file: Path, threads: int) -> LoadedEmbedder:
    if not file.is_file():
        raise ConfigurationError(f"there is no file {file}: name an ONNX file or a model that `sightline models list` shows")
    session = OnnxSession.open(file, name=file.name, threads=threads)
    if any(tensor.name == CROP and tensor.dtype == "uint8" for tensor in session.input_tensors):
        return LoadedEmbedder(_spec_of(file, session), session)
    source = read_source(file)
    try:
        recipe = recipe_for(recognise(source))
    except ModelError as error:
        raise ModelError(f"{error}: wrap it once with `sightline models add`, then give its name here") from error
    if recipe.head != OSNET.head:
        raise ConfigurationError(f"{file} is of kind {recipe.role}: only embedders can be evaluated")
    imported = import_model(source, recipe, pictures=draw_pictures())
    return LoadedEmbedder(imported.spec, OnnxSession.open(imported.onnx, name=imported.spec.name, threads=threads))


def _spec_of(file: Path, session: OnnxSession) -> ModelSpec:
    """The spec that lies two folders up, as in a model repository, if it is of these weights; else what the file says."""
    sha256 = file_sha256(file)
    if (file.resolve().parent.parent / SPEC_FILE).is_file():
        spec = ModelSpec.read(file.resolve().parent.parent)
        if spec.sha256 == sha256:
            return spec
    try:
        inputs = tuple(_tensor_spec(tensor) for tensor in session.input_tensors)
        outputs = tuple(_tensor_spec(tensor) for tensor in session.output_tensors)
        spec = ModelSpec(
            name=default_name(file, "embedder"),
            kind="embedder",
            inputs=inputs,
            outputs=outputs,
            crop=CropRule(size_hw=_crop_size(inputs)),
            sha256=sha256,
        )
        spec.output(EMBEDDING)
    except (ValueError, ModelError) as error:
        found = ", ".join(
            f"{tensor.name} {tensor.dtype} {tensor.shape}" for tensor in session.input_tensors + session.output_tensors
        )
        raise ModelError(f"{file}: expected crop uint8 (-1, h, w, 3) -> embedding float32 (-1, D); found {found}") from error
    return spec


def _tensor_spec(tensor: SessionTensor) -> TensorSpec:
    return TensorSpec.model_validate({"name": tensor.name, "dtype": tensor.dtype, "shape": tensor.shape})


def _crop_size(inputs: Sequence[TensorSpec]) -> tuple[int, int]:
    batch, height, width, channels = next(tensor.shape for tensor in inputs if tensor.name == CROP)
    if batch != -1 or height < 1 or width < 1 or channels != CHANNELS:
        raise ValueError("crop: expected a free batch and fixed sides")
    return height, width
