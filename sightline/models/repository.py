"""Model repositories on disk, in Triton's layout.

<folder>/<name>/spec.json            the ModelSpec
<folder>/<name>/config.pbtxt         for Triton, written from the spec
<folder>/<name>/<version>/model.py   runs the net within Triton, see backend_model.py
<folder>/<name>/<version>/model.onnx the net
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from sightline.errors import ConfigurationError, ModelError, NotFoundError
from sightline.models.triton_config import CONFIG_FILE, Batching, render_config
from sightline.spec import SPEC_FILE, ModelKind, ModelSpec, file_sha256

MODEL_FILE = "model.onnx"
BACKEND_FILE = "model.py"
BACKEND_SOURCE = Path(__file__).with_name("backend_model.py")
OUTGOING = ".outgoing"
INCOMING = ".incoming"


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A model in a repository; ``folder`` is ``<repository>/<name>``."""

    spec: ModelSpec
    folder: Path

    @property
    def onnx(self) -> Path:
        return self.folder / str(self.spec.version) / MODEL_FILE

    @property
    def backend(self) -> Path:
        """Our ``model.py``, which runs the net within Triton."""
        return self.onnx.with_name(BACKEND_FILE)

    def verify(self) -> None:
        """Check that the weights are those that the spec names.

        Raises:
            ModelError: the file is missing or was changed.
        """
        if not self.onnx.is_file():
            raise ModelError(f"{self.onnx} is missing: add the model again with `sightline models add`")
        found = file_sha256(self.onnx)
        if found != self.spec.sha256:
            raise ModelError(f"{self.onnx} was changed: expected sha256 {self.spec.sha256}, found {found}; add it again")


class ModelRepository:
    """The models of several folders; of two with one name that of the later folder counts."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = tuple(folders)

    def models(self) -> list[InstalledModel]:
        """All models, in order of name.

        Raises:
            ModelError: a spec is broken.
        """
        found: dict[str, InstalledModel] = {}
        for folder in self.folders:
            _finish_replacements(folder)
            for path in sorted(folder.glob(f"[a-z]*/{SPEC_FILE}")):
                spec = ModelSpec.read(path.parent)
                found[spec.name] = InstalledModel(spec, path.parent)
        return [found[name] for name in sorted(found)]

    def find(self, name: str) -> InstalledModel:
        """The model of that name.

        Raises:
            NotFoundError: there is none.
        """
        models = self.models()
        for model in models:
            if model.spec.name == name:
                return model
        names = ", ".join(model.spec.name for model in models) or "none yet"
        raise NotFoundError(f"there is no model {name!r} (there are: {names}); add it with `sightline models add FILE`")

    def optional(self, kind: ModelKind, name: str | None = None) -> InstalledModel | None:
        """The named model, else the only one of its kind in the last folder that has any, else None.

        So a user's own model wins over one of its kind that comes with Sightline.

        Raises:
            ConfigurationError: the named one does not exist or is of another kind, or there are several to choose from.
        """
        if name is not None:
            return self._named(kind, name)
        fitting = self._last_of(kind)
        if len(fitting) > 1:
            names = ", ".join(model.spec.name for model in fitting)
            raise ConfigurationError(f"there are several models of kind {kind} ({names}): name one in {_setting(kind)}")
        return fitting[0] if fitting else None

    def resolve(self, kind: ModelKind, name: str | None = None) -> InstalledModel:
        """As :meth:`optional`, for what cannot be done without.

        Raises:
            ConfigurationError: there is none, or it cannot be chosen; the message names the next step.
        """
        model = self.optional(kind, name)
        if model is None:
            folders = ", ".join(map(str, self.folders))
            raise ConfigurationError(
                f"there is no model of kind {kind} in {folders}: add one with `sightline models add FILE` "
                "(`sightline models add --help` shows how)"
            )
        return model

    def add(
        self, spec: ModelSpec, onnx: bytes, *, folder: Path | None = None, batching: Batching | None = None
    ) -> InstalledModel:
        """Write a model's folder, whole or not at all; one of the same name in that folder is replaced.

        Args:
            spec: of the model.
            onnx: the net.
            folder: one of the repository's; unset = the last.
            batching: for Triton.
        """
        target = (folder or self.folders[-1]) / spec.name
        target.parent.mkdir(parents=True, exist_ok=True)
        incoming = target.parent / f"{INCOMING}-{spec.name}-{os.getpid()}"
        shutil.rmtree(incoming, ignore_errors=True)
        try:
            _write(incoming, spec, onnx, batching or Batching())
            _replace(target, incoming)
        finally:
            shutil.rmtree(incoming, ignore_errors=True)
        return InstalledModel(spec, target)

    @contextmanager
    def on_trial(self, name: str) -> Iterator[None]:
        """What is added to the last folder as ``name`` within the block stays if the block ends well.

        However else it ends, what was there before is there again: the earlier model of that name, or none.
        """
        target = self.folders[-1] / name
        earlier = target.parent / f"{INCOMING}-{name}-earlier-{os.getpid()}"
        if target.exists():
            shutil.copytree(target, earlier)
        try:
            yield
        except BaseException:
            if earlier.exists():
                _replace(target, earlier)
            elif (target / SPEC_FILE).is_file():
                self.remove(name)
            raise
        finally:
            shutil.rmtree(earlier, ignore_errors=True)

    def remove(self, name: str) -> InstalledModel:
        """Delete a model of the last folder; one of the same name in an earlier folder counts again.

        Raises:
            NotFoundError: there is none.
            ConfigurationError: it lies in an earlier folder, which is not ours to change.
        """
        model = self.find(name)
        if model.folder.parent != self.folders[-1]:
            raise ConfigurationError(
                f"{name} lies in {model.folder.parent}, which is only read from; one of your own of its kind goes before it"
            )
        outgoing = _outgoing(model.folder)
        shutil.rmtree(outgoing, ignore_errors=True)
        (model.folder / SPEC_FILE).unlink()  # from here on it is no model, even if we die half-way
        model.folder.rename(outgoing)
        shutil.rmtree(outgoing)
        return model

    def _last_of(self, kind: ModelKind) -> list[InstalledModel]:
        """Of all models of a kind, those of the last folder that holds one."""
        fitting = [model for model in self.models() if model.spec.kind == kind]
        own = [[model for model in fitting if model.folder.parent == folder] for folder in self.folders]
        return next((models for models in reversed(own) if models), [])

    def _named(self, kind: ModelKind, name: str) -> InstalledModel:
        try:
            model = self.find(name)
        except NotFoundError as error:
            raise ConfigurationError(f"{_setting(kind)} = {name!r}: {error}") from error
        if model.spec.kind != kind:
            raise ConfigurationError(
                f"{_setting(kind)} = {name!r}: expected a model of kind {kind}, it is of kind {model.spec.kind}"
            )
        return model


def _setting(kind: ModelKind) -> str:
    stage = {"keypoints": "pose", "densepose": "dense"}.get(kind, kind)
    return f"pipeline.{stage}.model"


def _write(folder: Path, spec: ModelSpec, onnx: bytes, batching: Batching) -> None:
    version = folder / str(spec.version)
    version.mkdir(parents=True)
    (version / MODEL_FILE).write_bytes(onnx)
    shutil.copyfile(BACKEND_SOURCE, version / BACKEND_FILE)
    (folder / CONFIG_FILE).write_text(render_config(spec, batching))
    spec.write(folder)


def _outgoing(target: Path) -> Path:
    return target.parent / f"{OUTGOING}-{target.name}"


def _replace(target: Path, incoming: Path) -> None:
    """Move ``incoming`` to ``target``. A folder cannot be renamed over a full one: the old one steps aside first.

    If we die between the two renames, :func:`_finish_replacements` brings the old one back. Who looks between them, some
    microseconds, sees no such model.
    """
    outgoing = _outgoing(target)
    shutil.rmtree(outgoing, ignore_errors=True)
    if target.exists():
        target.rename(outgoing)
    incoming.rename(target)
    shutil.rmtree(outgoing, ignore_errors=True)


def _finish_replacements(folder: Path) -> None:
    """Undo replacements that their process did not live to finish."""
    for outgoing in folder.glob(f"{OUTGOING}-*"):
        name = outgoing.name.removeprefix(f"{OUTGOING}-")
        underway = any(psutil.pid_exists(_pid_of(path)) for path in folder.glob(f"{INCOMING}-{name}-*"))
        if not underway and not (folder / name).exists() and (outgoing / SPEC_FILE).is_file():
            outgoing.rename(folder / name)


def _pid_of(incoming: Path) -> int:
    pid = incoming.name.rpartition("-")[2]
    return int(pid) if pid.isdecimal() else -1
