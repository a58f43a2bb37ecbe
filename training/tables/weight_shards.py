"""The weights of runs as a few files of bounded size: what a rented machine can send back, see ``docs/training.md``.

``index.json`` names the runs with all that a ``weights.pt`` holds beside the numbers, their tensors with places in one stream
of bytes, and the shards into which that stream is cut, each with its SHA-256. Floating-point tensors are float16,
little-endian; one with a value that float16 cannot hold stays as it is, and so do counters.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sightline.errors import ConfigurationError, InputError
from training.checkpoints import read_snapshot
from training.identity import RunIdentity
from training.run_folder import RunFolder
from training.snapshot import Position, Snapshot

INDEX = "index.json"
SHARD_BYTES = 16 * 1024 * 1024
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tensor is: ``dtype`` as numpy names it, ``begin`` in bytes from the beginning of the stream."""

    dtype: str
    shape: Sequence[int]
    begin: int

    @property
    def end(self) -> int:
        """The byte behind it."""
        return self.begin + int(np.prod(self.shape, dtype=np.int64)) * np.dtype(self.dtype).itemsize


@dataclass(frozen=True, slots=True)
class Shard:
    """A file of the stream."""

    name: str
    size: int
    sha256: str


def write_shards(folders: Sequence[Path], target: Path, *, shard_bytes: int = SHARD_BYTES, most: int | None = None) -> int:
    """Write the evaluated weights of complete runs, each known by the name of its folder; how many files that made.

    Args:
        folders: of the runs.
        target: a folder, made where it is not there.
        shard_bytes: most in one file.
        most: files, the index among them; None = as many as it takes.

    Raises:
        ConfigurationError: a run is not complete, two have one name, the target holds files, or it would be more files;
            nothing is written then.
        InputError: a run's weights cannot be read.
    """
    if target.is_dir() and any(target.iterdir()):
        raise ConfigurationError(f"{target} is not empty: name a folder of its own for the shards")
    if twice := {folder.name for folder in folders if [each.name for each in folders].count(folder.name) > 1}:
        raise ConfigurationError(f"several runs are named {', '.join(sorted(twice))}")
    stream, runs, sizes = bytearray(), {}, {}
    for folder in folders:
        begin = len(stream)
        runs[folder.name] = _packed(RunFolder(folder.absolute()), stream)
        sizes[folder.name] = len(stream) - begin
    shards = [(f"weights-{number:03d}.bin", data) for number, data in enumerate(_cut(stream, shard_bytes))]
    files = len(shards) + 1
    if most is not None and files > most:
        each = ", ".join(f"{name} {size / 2**20:.1f}" for name, size in sizes.items())
        raise ConfigurationError(f"{files} files would be needed, {most} may be; MiB of each run: {each}")
    target.mkdir(parents=True, exist_ok=True)
    for name, data in shards:
        (target / name).write_bytes(data)
    listed = [asdict(Shard(name, len(data), hashlib.sha256(data).hexdigest())) for name, data in shards]
    (target / INDEX).write_text(json.dumps({"format": FORMAT, "shards": listed, "runs": runs}))
    return files


def read_shards(source: Path, target: Path) -> list[str]:
    """Make the folders of the runs in ``target`` anew, each with ``weights.pt`` (float32) and ``config.json``; their names.

    Raises:
        ConfigurationError: a run has weights there already; nothing is written then.
        InputError: a shard is missing or damaged, and is named, or the index cannot be understood; nothing is written then.
    """
    shards, runs = _read_index(source / INDEX)
    folders = {name: RunFolder((target / name).absolute()) for name in runs}
    if there := [name for name, folder in folders.items() if folder.weights.exists()]:
        raise ConfigurationError(f"{target} has weights of {', '.join(there)} already: name another folder")
    stream = b"".join(_read_shard(source, shard) for shard in shards)
    snapshots = {name: _unpacked(values, stream, source / INDEX) for name, values in runs.items()}
    for name, folder in folders.items():
        folder.path.mkdir(parents=True, exist_ok=True)
        folder.write_config(runs[name]["config"])
        folder.write_weights(snapshots[name])
    return list(folders)


def _packed(folder: RunFolder, stream: bytearray) -> dict[str, Any]:
    """What the index says of a run, whose tensors go to the end of the stream."""
    if not folder.weights.is_file():
        raise ConfigurationError(f"{folder.path} has no {folder.weights.name}: the run is not complete")
    snapshot = read_snapshot(folder.weights.read_bytes(), str(folder.weights))
    places = {}
    for name, tensor in (snapshot.average or snapshot.system).items():
        values = _narrow(tensor)
        places[name] = asdict(Place(values.dtype.str, list(values.shape), len(stream)))
        stream += values.tobytes()
    return {
        "config": folder.read_config(),
        "identity": snapshot.identity.to_mapping(),
        "position": asdict(snapshot.position),
        "provenance": dict(snapshot.provenance),
        "figures": dict(snapshot.figures),
        "tensors": places,
    }


def _narrow(tensor: Tensor) -> np.ndarray[Any, Any]:
    if not tensor.is_floating_point():
        return tensor.numpy()
    half = tensor.to(torch.float16)
    return (half if bool(torch.isfinite(half).all()) else tensor.to(torch.float32)).numpy()


def _unpacked(values: Mapping[str, Any], stream: bytes, index: Path) -> Snapshot:
    """A run's snapshot, its weights in single precision; nothing is left to go on training with."""
    try:
        identity, position = RunIdentity.from_mapping(values["identity"]), Position(**values["position"])
        places = {name: Place(**place) for name, place in values["tensors"].items()}
        weights = {name: _tensor(place, stream) for name, place in places.items()}
        return Snapshot(identity, position, weights, None, None, (), values["provenance"], values["figures"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{index} cannot be understood: {error!r}") from error


def _tensor(place: Place, stream: bytes) -> Tensor:
    values = np.frombuffer(stream[place.begin : place.end], np.dtype(place.dtype)).reshape(place.shape)
    tensor = torch.from_numpy(values.copy())
    return tensor.float() if tensor.is_floating_point() else tensor


def _cut(stream: bytearray, size: int) -> Iterator[bytes]:
    for begin in range(0, len(stream), size):
        yield bytes(stream[begin : begin + size])


def _read_index(path: Path) -> tuple[list[Shard], dict[str, Any]]:
    try:
        document = json.loads(path.read_text())
        if document["format"] != FORMAT:
            raise InputError(f"{path}: expected format {FORMAT}, got {document['format']!r}")
        return [Shard(**each) for each in document["shards"]], dict(document["runs"])
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} cannot be understood: {error!r}") from error


def _read_shard(folder: Path, shard: Shard) -> bytes:
    try:
        data = (folder / Path(shard.name).name).read_bytes()
    except OSError as error:
        raise InputError(f"the shard {shard.name} cannot be read: {error}") from error
    if hashlib.sha256(data).hexdigest() != shard.sha256:
        raise InputError(f"the shard {shard.name} is damaged: its {len(data)} bytes are not the {shard.size} that were written")
    return data
