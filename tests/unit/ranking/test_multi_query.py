"""Several pictures that ask as one."""

from __future__ import annotations

import numpy as np
import pytest

from sightline.ranking import pool_queries

PIDS, CAMIDS = np.array([2, 1, 2, 2]), np.array([1, 1, 1, 3])
FEATURES = np.array([[1, 0], [5, 5], [3, -4], [7, 7]], np.float32)


@pytest.mark.parametrize(("by", "both"), [("average", [2, -2]), ("max", [3, 0])])
def test_one_query_for_each_person_and_camera(by: str, both: list[float]) -> None:
    pooled = pool_queries(FEATURES, PIDS, CAMIDS, by=by)  # type: ignore[arg-type]

    assert pooled.pids.tolist() == [1, 2, 2]
    assert pooled.camids.tolist() == [1, 1, 3]
    assert pooled.counts.tolist() == [1, 2, 1]
    assert pooled.features.tolist() == [[5, 5], both, [7, 7]]
    assert pooled.features.dtype == np.float32


def test_what_goes_in_stays_as_it_is() -> None:
    before = FEATURES.copy()
    pool_queries(FEATURES, PIDS, CAMIDS)

    np.testing.assert_array_equal(FEATURES, before)


def test_no_pictures_are_no_queries() -> None:
    pooled = pool_queries(np.zeros((0, 4), np.float32), np.zeros(0, np.int64), np.zeros(0, np.int64))

    assert pooled.features.shape == (0, 4)
    assert len(pooled.pids) == len(pooled.camids) == len(pooled.counts) == 0


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(ValueError, match=r"\(4, 2\), \(3,\) and \(4,\)"):
        pool_queries(FEATURES, PIDS[:3], CAMIDS)
    with pytest.raises(ValueError, match="by: expected"):
        pool_queries(FEATURES, PIDS, CAMIDS, by="median")  # type: ignore[arg-type]
