"""What the stream's frames go without, as `sightline status` tells it."""

from __future__ import annotations

from infra.local.parts import merged_degradations
from infra.local.status import StreamStatus
from sightline.cli.tables import degraded_lines


def test_the_accounts_of_all_camera_streams_are_one() -> None:
    merged = merged_degradations(
        [
            {"dense": {"off": None, "missed": {"late": 2}}},
            {},
            {"dense": {"off": "too_slow", "missed": {"late": 1, "too_slow": 4}}, "pose": {"off": None, "missed": {"late": 1}}},
        ]
    )
    assert merged == {
        "dense": {"off": "too_slow", "missed": {"late": 3, "too_slow": 4}},
        "pose": {"off": None, "missed": {"late": 1}},
    }
    assert degraded_lines(StreamStatus(degraded=merged)) == [
        "dense: [yellow]off, too_slow[/]; frames without it: 3 late, 4 too_slow",
        "pose: on again; frames without it: 1 late",
    ]


def test_nothing_is_said_where_nothing_was_gone_without() -> None:
    assert merged_degradations([{}, {}]) == {}
    assert degraded_lines(StreamStatus()) == []
