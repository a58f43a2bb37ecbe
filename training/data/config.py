"""What data a run learns from and is judged by, as one typed value: where it lies, how it is laid out, how it is read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from training.config import Config


class Market1501Layout(Config):
    """Market-1501's folders and names; see :mod:`training.data.readers.market1501`."""

    kind: Literal["market1501"] = "market1501"


class DukeMtmcLayout(Config):
    """DukeMTMC-reID's; see :mod:`training.data.readers.dukemtmc`."""

    kind: Literal["dukemtmc"] = "dukemtmc"


class Msmt17Layout(Config):
    """MSMT17's; see :mod:`training.data.readers.msmt17`.

    Attributes:
        with_validation: train on its validation part too.
    """

    kind: Literal["msmt17"] = "msmt17"
    with_validation: bool = False


class Cuhk01Layout(Config):
    """CUHK01's; see :mod:`training.data.readers.cuhk01`.

    Attributes:
        test_ids: identities kept for the test.
        split: which draw of them.
    """

    kind: Literal["cuhk01"] = "cuhk01"
    test_ids: int = Field(default=486, ge=1)
    split: int = Field(default=0, ge=0)


class Cuhk03Layout(Config):
    """CUHK03's official file; see :class:`training.data.readers.cuhk03.Cuhk03Protocol`, whose values these are."""

    kind: Literal["cuhk03"] = "cuhk03"
    protocol: Literal["new", "classic"] = "new"
    boxes: Literal["detected", "labeled"] = "detected"
    split: int = Field(default=0, ge=0)
    pairs: int = Field(default=5, ge=1, le=5)
    validation_ids: int = Field(default=0, ge=0)
    held_out: Literal["test", "validation"] = "test"


class IdentityFoldersLayout(Config):
    """A folder for each person; see :mod:`training.data.readers.identity_folders`.

    Attributes:
        test_part: of the identities, kept for the test where the folder is not split.
        split: which draw of them.
    """

    kind: Literal["identity_folders"] = "identity_folders"
    test_part: float = Field(default=0.2, ge=0, lt=1)
    split: int = Field(default=0, ge=0)


class StreamCropsLayout(Config):
    """What ``sightline export-crops`` wrote; see :mod:`training.data.readers.stream_crops`.

    Attributes:
        test_part: of the identities, kept for the test among those seen by two cameras.
        split: which draw of them.
        min_pictures: identities with fewer are left out.
    """

    kind: Literal["stream_crops"] = "stream_crops"
    test_part: float = Field(default=0.2, ge=0, lt=1)
    split: int = Field(default=0, ge=0)
    min_pictures: int = Field(default=2, ge=1)


Layout = Annotated[
    Market1501Layout | DukeMtmcLayout | Msmt17Layout | Cuhk01Layout | Cuhk03Layout | IdentityFoldersLayout | StreamCropsLayout,
    Field(discriminator="kind"),
]


class DataConfig(Config):
    """Where the pictures are and how they are read.

    Attributes:
        path: a folder, or an archive (.tar, .tar.gz, .zip), which is unpacked once into the cache.
        also: further sets whose training pictures are learnt from too; queries and gallery are those of ``path``. Their layout
            and annotations are found, not given.
        layout: how it is laid out; None = the data are looked at.
        attributes: a CSV file, see :mod:`sightline.attribute_table`; None = ``attributes.csv`` beside the data, if there.
        keypoints: a numpy archive, see :mod:`sightline.keypoint_table`; None = ``keypoints.npz`` beside the data, if there.
        resolution: pictures are shrunk to this part of their sides when they are read, to train and test on poor ones.
        broken: what happens to pictures that cannot be read: the run does not start (``refuse``), or goes without them.
        memory_bytes: for decoded pictures; the training set's come first.
        threads: that read pictures and prepare batches. One prepares thousands of pictures a second, and several wait for
            one another more than they help (``benchmarks/training_data.py``).
        ahead: batches prepared ahead.
        cache: where archives are unpacked; None = ``$XDG_CACHE_HOME/sightline/data``.
    """

    path: Path
    also: tuple[Path, ...] = ()
    layout: Layout | None = None
    attributes: Path | None = None
    keypoints: Path | None = None
    resolution: float = Field(default=1.0, gt=0, le=1)
    broken: Literal["refuse", "skip"] = "refuse"
    memory_bytes: int = Field(default=2 * 2**30, ge=0)
    threads: int = Field(default=1, ge=1, le=64)
    ahead: int = Field(default=4, ge=1, le=64)
    cache: Path | None = None
