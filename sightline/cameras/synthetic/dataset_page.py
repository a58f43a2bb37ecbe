"""The README of a synthetic data set."""

from __future__ import annotations

from sightline.cameras.synthetic.reid_writer import GALLERY, QUERY, TRAIN

_PAGE = """\
# Synthetic people

Made by `sightline synthesize`, seed {seed}: {crops} crops of people who do not exist, seen by {cameras} cameras in each of
several worlds. Free to use for anything; no person, no picture of anybody went into it.

| what | where |
|---|---|
| to train on, identities below {first_test_pid:04d} | `{train}/PPPP_cCsS_FFFFFF_01.jpg`: identity, camera, world, moment |
| to test with | `{query}/` (one an identity and camera), `{gallery}/` |
| key points | `keypoints.npz`: `name`, `xy` (of the crop), `confidence` (1 seen, 0.5 behind the own body, 0 hidden), `joints` |
| attributes | `attributes.csv`: a row an identity, in words |
| body coordinates | `iuv/NAME.png`, uint8: part 0 to 24 (DensePose's ids, Sightline's charts), u, v of 255; 0 on bags, others |
| {frames} frames for a detector | `detection/train/`, `detection/val/`, `detection/boxes.csv`: cx, cy, w, h of the frame |
"""


def dataset_page(seed: int, cameras: int, first_test_pid: int, crops: int, frames: int) -> str:
    """Markdown."""
    return _PAGE.format(
        seed=seed,
        cameras=cameras,
        first_test_pid=first_test_pid,
        crops=crops,
        frames=frames,
        train=TRAIN,
        query=QUERY,
        gallery=GALLERY,
    )
