"""Putting sightings into a gallery when some may be unfit: the fit ones are kept, the others are named."""

from __future__ import annotations

from collections.abc import Sequence

from sightline.errors import InputError
from sightline.ports import Gallery
from sightline.types import Sighting


def fill(gallery: Gallery, sightings: Sequence[Sighting]) -> list[tuple[int, InputError]]:
    """Add, replacing what is there.

    Returns:
        Index and error of each sighting that the gallery refused; all others are kept.

    Raises:
        ServiceUnavailable: the gallery cannot answer now; some may have been kept, so do it all again.
    """
    try:
        gallery.add(sightings, maybe_present=True)
    except InputError as error:
        if len(sightings) == 1:
            return [(0, error)]
        # It keeps all or none of a call, and does not say which it minds.
        middle = len(sightings) // 2
        second = [(middle + index, why) for index, why in fill(gallery, sightings[middle:])]
        return fill(gallery, sightings[:middle]) + second
    return []
