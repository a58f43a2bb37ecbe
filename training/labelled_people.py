"""Queries and gallery of a data set in any layout that training reads, for an evaluation."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sightline.errors import ConfigurationError
from sightline.evaluation.market_layout import LabelledFolder, LabelledPicture
from training.data.config import DataConfig
from training.data.finding import Report, open_reid_set, silent
from training.data.records import Picture


def labelled_people(data: Path, *, report: Report = silent) -> tuple[Path, LabelledFolder]:
    """The folder of a data set, and its queries and gallery, split as a training on it would by default.

    Raises:
        ConfigurationError: there is no such data set, it is not laid out as expected, or nobody is looked for.
    """
    root, reid_set = open_reid_set(DataConfig(path=data), report=report)
    if not reid_set.query or not reid_set.gallery:
        raise ConfigurationError(f"{data} has no queries or no gallery: nobody in it was seen by two cameras")
    return root, LabelledFolder(reid_set.name, _labelled(reid_set.query), _labelled(reid_set.gallery))


def _labelled(pictures: Iterable[Picture]) -> tuple[LabelledPicture, ...]:
    return tuple(
        LabelledPicture(each.path, each.pid, each.camid, known_as=each.known_as, box_xywh=each.box_xywh) for each in pictures
    )
