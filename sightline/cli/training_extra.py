"""The extra ``training``, which only some commands need."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sightline.errors import ConfigurationError

_PACKAGES = ("torch", "torchvision", "tensorboard", "h5py")


@contextmanager
def training_installed(what: str) -> Iterator[None]:
    """Say what to install where a package of the extra is missing.

    Args:
        what: needs it, as the beginning of a sentence.

    Raises:
        ConfigurationError: one is missing.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _PACKAGES:
            raise
        raise ConfigurationError(
            f"{what} needs packages that are not installed ({error.name}): pip install 'sightline[training]', "
            "or `make setup` in a clone"
        ) from error
