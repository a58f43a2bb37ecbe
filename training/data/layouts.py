"""Finding out how a data set is laid out, and reading it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import assert_never

from sightline.errors import ConfigurationError
from training.data.config import (
    Cuhk01Layout,
    Cuhk03Layout,
    DukeMtmcLayout,
    IdentityFoldersLayout,
    Layout,
    Market1501Layout,
    Msmt17Layout,
    StreamCropsLayout,
)
from training.data.readers.cuhk01 import is_cuhk01, read_cuhk01
from training.data.readers.cuhk03 import Cuhk03Protocol, is_cuhk03, read_cuhk03
from training.data.readers.dukemtmc import is_dukemtmc, read_dukemtmc
from training.data.readers.identity_folders import is_identity_folders, read_identity_folders
from training.data.readers.image_files import subfolders, what_is_in
from training.data.readers.market1501 import is_market1501, read_market1501
from training.data.readers.msmt17 import is_msmt17, read_msmt17
from training.data.readers.stream_crops import is_stream_crops, read_stream_crops
from training.data.records import ReidSet

_KNOWN: tuple[tuple[Callable[[Path], bool], type[Layout], str], ...] = (
    (is_dukemtmc, DukeMtmcLayout, "dukemtmc: bounding_box_train/, query/, bounding_box_test/ with names 0005_c2_f0046985.jpg"),
    (is_market1501, Market1501Layout, "market1501: bounding_box_train/, query/, bounding_box_test/"),
    (is_msmt17, Msmt17Layout, "msmt17: list_train.txt, list_query.txt, list_gallery.txt"),
    (is_cuhk03, Cuhk03Layout, "cuhk03: cuhk-03.mat"),
    (is_cuhk01, Cuhk01Layout, "cuhk01: campus/"),
    (is_stream_crops, StreamCropsLayout, "stream_crops: crops.parquet, as `sightline export-crops` writes it"),
    (is_identity_folders, IdentityFoldersLayout, "identity_folders: <identity>/<camera>_<anything>.jpg"),
)
"""What a folder of each layout looks like; the first that fits counts."""


def found_layout(folder: Path, wanted: Layout | None = None) -> tuple[Path, Layout]:
    """The folder of the set, and its layout: the given folder, or the one folder in it that is a set.

    Args:
        folder: where to look.
        wanted: only this layout; None = any that is known.

    Raises:
        ConfigurationError: nothing here looks like such a data set, or several folders do.
    """
    known = [each for each in _KNOWN if wanted is None or isinstance(wanted, each[1])]
    found = [(where, made) for where in (folder, *subfolders(folder)) for fits, made, _ in known if fits(where)]
    places = list(dict.fromkeys(where for where, _ in found))
    if not places:
        expected = "\n  ".join(text for _, _, text in known)
        raise ConfigurationError(f"{folder} is no data set: found {what_is_in(folder)}; expected\n  {expected}")
    if places[0] != folder and len(places) > 1:
        raise ConfigurationError(f"{folder} holds several data sets: name one of {', '.join(map(str, places))}")
    where, made = found[0]
    return where, wanted or made()


def read_layout(
    folder: Path, layout: Layout, *, cache: Path, on_progress: Callable[[int, int], None] = lambda done, total: None
) -> ReidSet:
    """The set in a folder of a layout.

    Args:
        folder: of the set itself.
        layout: how to read it.
        cache: where what has to be unpacked is kept.
        on_progress: told how much of that is done, and how much there is.

    Raises:
        ConfigurationError: it is not laid out so.
    """
    match layout:
        case Market1501Layout():
            reid_set = read_market1501(folder)
        case DukeMtmcLayout():
            reid_set = read_dukemtmc(folder)
        case Msmt17Layout():
            reid_set = read_msmt17(folder, with_validation=layout.with_validation)
        case Cuhk01Layout():
            reid_set = read_cuhk01(folder, test_ids=layout.test_ids, split=layout.split)
        case Cuhk03Layout():
            values = layout.model_dump(exclude={"kind", "protocol"})
            protocol = Cuhk03Protocol(kind=layout.protocol, **values)
            reid_set = read_cuhk03(folder, cache=cache, protocol=protocol, on_progress=on_progress)
        case IdentityFoldersLayout():
            reid_set = read_identity_folders(folder, test_part=layout.test_part, split=layout.split)
        case StreamCropsLayout():
            reid_set = read_stream_crops(folder, **layout.model_dump(exclude={"kind"}))
        case _:
            assert_never(layout)
    return reid_set
