"""Public ImageNet checkpoints, from a local file: nothing is downloaded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from pickle import UnpicklingError

import torch
from torch import Tensor, nn

from sightline.errors import ConfigurationError

_SHOWN = 6
_COUNTERS = "num_batches_tracked"
"""Of a batch normalisation: old checkpoints lack it, and nothing here reads it."""


def load_public(module: nn.Module, path: Path, names: Mapping[str, str], *, unused: Iterable[str] = ()) -> None:
    """Give a module the weights of a state dict made by torchvision or torchreid.

    Args:
        module: takes every weight of itself from the file.
        path: a file of ``torch.save(model.state_dict(), path)``; a state dict under the key ``state_dict`` and the prefix
            ``module.`` of a parallel model are understood. It is read with ``weights_only=True``: no code of the file runs.
        names: prefix of a name in the file -> prefix in the module.
        unused: prefixes in the file that belong to layers which the module does not have (its classifier).

    Raises:
        ConfigurationError: there is no such file, it holds no state dict, or names or shapes do not fit; it says which.
    """
    given = _read(path)
    renamed = {_renamed(name, names): value for name, value in given.items() if not name.startswith(tuple(unused))}
    own = {name: value for name, value in module.state_dict().items() if not name.endswith(_COUNTERS)}
    faults = [
        *_listed("missing", (name for name in own if name not in renamed)),
        *_listed("unexpected", (name for name in renamed if name not in own and not name.endswith(_COUNTERS))),
        *_listed(
            "of another shape",
            (
                f"{name} {tuple(renamed[name].shape)} for {tuple(value.shape)}"
                for name, value in own.items()
                if name in renamed and renamed[name].shape != value.shape
            ),
        ),
    ]
    if faults:
        raise ConfigurationError(
            f"{path} does not fit this net: {'; '.join(faults)}. "
            "Give the checkpoint of the same architecture and width, or leave it out to start at random."
        )
    module.load_state_dict(renamed, strict=False)


def _read(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise ConfigurationError(f"there is no checkpoint at {path}: give the path of a file that holds a state dict")
    try:
        held = torch.load(path, map_location="cpu", weights_only=True)
    except (UnpicklingError, RuntimeError, EOFError, ValueError, KeyError) as error:
        raise ConfigurationError(
            f"{path} is no state dict that can be read safely: save it with torch.save(model.state_dict(), path)"
        ) from error
    state = held.get("state_dict", held) if isinstance(held, dict) else held
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise ConfigurationError(f"{path} holds no state dict (a name and a tensor each), save model.state_dict()")
    return {str(name).removeprefix("module."): value for name, value in state.items()}


def _renamed(name: str, names: Mapping[str, str]) -> str:
    for theirs, ours in names.items():
        if name.startswith(theirs):
            return ours + name.removeprefix(theirs)
    return name


def _listed(fault: str, names: Iterable[str]) -> list[str]:
    found = sorted(names)
    if not found:
        return []
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return [f"{fault}: {', '.join(found[:_SHOWN])}{more}"]
