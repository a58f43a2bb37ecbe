"""Errors travel between processes as they are."""

from __future__ import annotations

import pickle

import pytest

from sightline.errors import FencedError, RejectedFrame, RejectReason, ServiceUnavailable, SightlineError, SpaceMismatchError


@pytest.mark.parametrize(
    "error",
    [
        ServiceUnavailable("triton", "away"),
        FencedError("kafka", "gone"),
        RejectedFrame(RejectReason.TRUNCATED, "cut"),
        SpaceMismatchError(expected="a", actual="b"),
    ],
)
def test_an_error_comes_back_whole(error: SightlineError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)
