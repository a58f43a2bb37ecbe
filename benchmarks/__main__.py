"""All benchmarks, or those that are named: ``python -m benchmarks [NAME ...] [--quick]``.

Each runs in a process of its own, one after the other; tables go to ``benchmarks/results/``.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

from benchmarks.reporting import say

BENCHMARKS = {
    "stream_efficiency": "(a) frames/s of the stream by those of bare ONNX Runtime",
    "spine_cost": "(b) cost per frame of Kafka, Ray, Triton and Milvus alone",
    "cameras": "(c) frames/s and memory by the number of cameras, and while frames wait",
    "blobs": "what keeping, reading and erasing a crop costs in a folder and in an S3 store",
    "scaling": "frames/s by replicas and camera streams, with models that only sleep; a load that comes and goes; a takeover",
    "search_latency": "(d) search latency and queries/s by the number of sightings",
    "live_latency": "(e) from capture to searchable, live, at half load",
    "ranking": "CMC, mAP and re-ranking at the size of Market-1501, against their plain references",
    "backbones": "pictures/s of forward and backward passes of the trunks",
    "training_loop": "what the training loop costs beside a bare one",
    "training_data": "pictures/s of the training data's pipeline, no net",
    "body_model": "milliseconds a person of the body model's fit and of part images",
    "synthetic": "milliseconds a frame of the synthetic world, by the number of people in it",
    "dense": "part IoU, u and v errors and person masks of dense coordinates, and milliseconds a crop",
    "detector": "AP50 and AP of our person detector, beside YOLOX-nano's",
    "occlusion": "retrieval of occluded synthetic people, with dense coordinates on and off",
    "tracking": "IDF1 at few frames a second: by overlap, by motion, by motion and colours",
    "street_baseline": "rank-1, mAP and recall on a real street camera",
}
"""Name -> what it finds, in the order in which they run: (e) needs a figure of (a)."""


def main() -> int:
    """Run them; the exit status is 1 if any failed."""
    listed = "\n".join(f"  {name:18} {finds}" for name, finds in BENCHMARKS.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        epilog=f"benchmarks:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="which; none = all")
    parser.add_argument("--quick", action="store_true", help="smoke runs of some seconds, printed and not written")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are: {', '.join(BENCHMARKS)}")
    failed = [name for name in arguments.names or BENCHMARKS if not _run(name, quick=arguments.quick)]
    if failed:
        say(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


def _run(name: str, *, quick: bool) -> bool:
    say(f"benchmark {name}: {BENCHMARKS[name]}")
    command = [sys.executable, "-m", f"benchmarks.{name}", *(["--quick"] if quick else [])]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SIGHTLINE_")}  # it makes its own
    return subprocess.run(command, check=False, env=environment).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
