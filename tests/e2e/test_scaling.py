"""Cameras and workers come and go while the stream runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.processes import until

from actors import pipeline

pytestmark = [pytest.mark.stack, pytest.mark.shared]


def test_workers_and_cameras_come_and_go(product: Any, rooms: dict[str, Path]) -> None:
    """One camera stream, then two, then one; a camera that begins later. Every frame has its outcome, ids are the same."""
    first = {"early": rooms["room-camera-a"]}
    run = product.run()
    run.publish(first)
    run.deploy()
    until(lambda: run.committed() > 40, timeout_s=90, what="progress", every_s=0.3)

    two = replace(
        run, settings=run.settings.model_copy(update={"stream": run.settings.stream.model_copy(update={"workers": 2})})
    )
    two.deploy()
    pids = {name: one["pid"] for name, one in pipeline.describe(two.settings).items()}
    assert {"camera-stream-0", "camera-stream-1", "writer-0"} == set(pids)
    run.publish({"late": rooms["room-camera-b"], "later": rooms["room-camera-b"]})
    held = lambda: [one.get("partitions") for one in pipeline.describe(two.settings).values() if "partitions" in one]  # noqa: E731
    until(lambda: len(held()) == 2 and all(held()), timeout_s=60, what="both to hold partitions", every_s=0.5)

    run.deploy()
    after = pipeline.describe(run.settings)
    assert set(after) == {"camera-stream-0", "writer-0"}
    assert after["camera-stream-0"]["pid"] == pids["camera-stream-0"], "who stays is not disturbed"
    targets = run.settings.local.state_dir / "metrics"
    assert {file.stem for file in targets.iterdir()} == {"sightline-stream-camera-stream-0", "sightline-writer-writer-0"}
    ledger = run.finish()
    assert {camera: state.seen for camera, (_, state) in ledger.states.items()} == {"early": 220, "late": 98, "later": 98}
    run.remove()
    assert pipeline.describe(run.settings) == {}
    assert not list(targets.iterdir()), "who was ended is none of Prometheus' business any more"
