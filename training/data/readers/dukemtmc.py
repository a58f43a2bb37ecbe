"""DukeMTMC-reID's layout (Zheng et al., ICCV 2017): Market-1501's folders with names ``PPPP_cC_fFFFFFFF.jpg``.

Its authors withdrew the set for ethical reasons. It is read where somebody has it, never fetched and never shipped.
"""

from __future__ import annotations

import re
from pathlib import Path

from training.data.readers.image_files import image_files
from training.data.readers.market1501 import QUERY, is_market1501, read_market1501
from training.data.records import ReidSet

NAME = re.compile(r"(?P<pid>\d+)_c(?P<camid>\d+)_f\d+")


def is_dukemtmc(folder: Path) -> bool:
    """Whether a folder has the layout; the first query's name decides."""
    return is_market1501(folder) and any(NAME.match(path.name) for path in image_files(folder / QUERY)[:1])


def read_dukemtmc(folder: Path) -> ReidSet:
    """The set in a folder of this layout.

    Raises:
        ConfigurationError: see :func:`read_market1501`.
    """
    return read_market1501(folder, named=NAME, expected="names such as 0005_c2_f0046985.jpg (identity, camera, frame)")
