"""The truth of a frame as one line of JSON, and the file that such lines go to."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

from sightline.cameras.synthetic.ground_truth import FrameTruth
from sightline.errors import InputError
from sightline.skeleton import JOINTS


def truth_record(truth: FrameTruth, frame_id: str) -> dict[str, Any]:
    """What a scorer of a live run needs: camera, frame, time, and for each person pid, box, visibility and joints.

    Joints are ``[x, y, visibility]`` in the order of :data:`sightline.skeleton.JOINTS`; pixels, and
    :class:`sightline.cameras.synthetic.ground_truth.Visibility`.
    """
    people = []
    for index, pid in enumerate(truth.pids.tolist()):
        joints = [
            [round(x, 1), round(y, 1), state]
            for (x, y), state in zip(truth.joints_xy[index].tolist(), truth.visibility[index].tolist(), strict=True)
        ]
        people.append(
            {
                "pid": pid,
                "box": truth.boxes_xywh[index].tolist(),
                "visible": round(float(truth.visible_fraction[index]), 3),
                "truncated": bool(truth.truncated[index]),
                "joints": joints,
            }
        )
    return {
        "camera": truth.camera,
        "frame_id": frame_id,
        "captured_at_us": truth.captured_at_us,
        "size": list(truth.size_wh),
        "joint_names": list(JOINTS),
        "people": people,
    }


class TruthFile:
    """Lines of JSON, one a frame, appended whole; several cameras' threads may share one.

    Raises:
        InputError: the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        try:
            self._file = path.open("a", encoding="utf-8")
        except OSError as error:
            raise InputError(f"the ground truth {path} cannot be written: {error.strerror}") from error

    def append(self, truth: FrameTruth, frame_id: str) -> None:
        """Write one frame's line; a reader never sees half of one, unless the machine stops in the middle."""
        line = json.dumps(truth_record(truth, frame_id), separators=(",", ":")) + "\n"
        with self._lock:
            if not self._file.closed:
                self._file.write(line)
                self._file.flush()

    def close(self) -> None:
        """After the last frame; what comes later is left out."""
        with self._lock:
            self._file.close()
