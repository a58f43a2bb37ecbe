"""The detector to evaluate: one of the model repositories, or an ONNX file, ours or one that the importer wraps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sightline.errors import ConfigurationError, ModelError, NotFoundError
from sightline.models.importer.importing import import_model
from sightline.models.importer.recipe import recipe_for
from sightline.models.importer.recognising import recognise
from sightline.models.importer.source import read_source
from sightline.models.pictures import draw_pictures
from sightline.models.repository import ModelRepository
from sightline.models.session import OnnxSession
from sightline.settings import Settings
from sightline.spec import SPEC_FILE, ModelSpec, file_sha256

ONNX_SUFFIX = ".onnx"


@dataclass(frozen=True, slots=True, eq=False)
class LoadedDetector:
    """A detector that runs in this process."""

    spec: ModelSpec
    session: OnnxSession


def load_detector(model: str, settings: Settings, *, threads: int) -> LoadedDetector:
    """Load a detector for evaluation. Blocking: some seconds where it is to be wrapped first.

    Args:
        model: a name in the model repositories, or the path of an ONNX file.
        settings: say where the repositories are.
        threads: of ONNX Runtime.

    Raises:
        ConfigurationError: there is no such model, or it is no detector.
        ModelError: the file cannot be used; the message says what was expected and found.
    """
    file = Path(model)
    if file.suffix == ONNX_SUFFIX or file.is_file():
        return _from_file(file, threads)
    try:
        installed = ModelRepository(settings.model_repositories).find(model)
    except NotFoundError as error:
        raise ConfigurationError(f"{error}; or name an ONNX file") from error
    _require_detector(model, installed.spec.kind)
    installed.verify()
    return LoadedDetector(installed.spec, OnnxSession.open(installed.onnx, name=model, threads=threads))


def _from_file(file: Path, threads: int) -> LoadedDetector:
    if not file.is_file():
        raise ConfigurationError(f"there is no file {file}: name an ONNX file or a model that `sightline models list` shows")
    folder = file.resolve().parent.parent
    if (folder / SPEC_FILE).is_file() and ModelSpec.read(folder).sha256 == file_sha256(file):
        spec = ModelSpec.read(folder)  # it lies in a repository
        _require_detector(str(file), spec.kind)
        return LoadedDetector(spec, OnnxSession.open(file, name=spec.name, threads=threads))
    source = read_source(file)
    try:
        recipe = recipe_for(recognise(source))
    except ModelError as error:
        raise ModelError(f"{error}: wrap it once with `sightline models add`, then give its name here") from error
    _require_detector(str(file), recipe.role)
    imported = import_model(source, recipe, pictures=draw_pictures())
    return LoadedDetector(imported.spec, OnnxSession.open(imported.onnx, name=imported.spec.name, threads=threads))


def _require_detector(model: str, kind: str) -> None:
    if kind != "detector":
        raise ConfigurationError(f"{model} is of kind {kind}, and frames with boxes are for detectors")
