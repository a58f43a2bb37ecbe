"""What keeping, reading and erasing a crop costs: in a folder, and in a store that speaks the S3 protocol.

python -m benchmarks.blobs            the full run, a minute or two
python -m benchmarks.blobs --quick    a smoke run
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from benchmarks.arguments import output_folder, parser
from benchmarks.consumption import read_cpu
from benchmarks.machine import machine_facts
from benchmarks.reporting import Cell, Report, Table, say
from benchmarks.summaries import percentiles
from sightline.adapters.blobs import open_blobs
from sightline.ports import BlobStore
from sightline.settings import load_settings
from tests.support.s3_server import VERSION, S3Server

METHOD = f"""\
Objects of 50 kB, each under a key of its own, kept, then read, then erased, by the stores that the product uses: a folder
(each object written beside its key, flushed to the disk, renamed) and S3Proxy {VERSION}, a server of the S3 protocol in a
process of its own on this machine, which keeps objects as files and does not flush them; plain HTTP, every request signed.
*Threads* call at the same time, as the camera stream's four writers of crops do; a call's time is what its thread waits.
*Client CPU* is this process's, for each object; *server CPU* that of S3Proxy. Both stores are warm: a client's first call is
told apart."""

SIZE_BYTES = 50_000
THREADS = (1, 4)
WARM_UP = 100
COLUMNS = (
    "store",
    "call",
    "threads",
    "objects",
    "p50, ms",
    "p95, ms",
    "p99, ms",
    "objects/s",
    "client CPU, ms",
    "server CPU, ms",
)


def measured(
    call: Callable[[int], object], count: int, *, threads: int, server: Mapping[str, int]
) -> tuple[tuple[Cell, ...], float]:
    """The row's figures from the number of objects on, and objects/s."""

    def timed(number: int) -> float:
        began = time.perf_counter()
        call(number)
        return 1e3 * (time.perf_counter() - began)

    before, cpu_before = read_cpu(server), time.process_time()
    began = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        times = list(pool.map(timed, range(count)))
    per_second = count / (time.perf_counter() - began)
    client_ms = 1e3 * (time.process_time() - cpu_before) / count
    server_ms = 1e3 * sum(read_cpu(server).since(before).values()) / count if server else None
    spread = percentiles(times)
    return (count, spread.p50, spread.p95, spread.p99, per_second, client_ms, server_ms), per_second


def rows_of(
    name: str, blobs: BlobStore, crops: Sequence[bytes], count: int, server: Mapping[str, int]
) -> tuple[list[tuple[Cell, ...]], dict[str, float]]:
    """Each call by each number of threads, and their objects/s by name."""
    rows: list[tuple[Cell, ...]] = []
    figures: dict[str, float] = {}
    for number in range(min(WARM_UP, count)):
        blobs.put(f"warm/{number}.jpg", crops[number % len(crops)])
        blobs.get(f"warm/{number}.jpg")
    for threads in THREADS:

        def key(number: int, threads: int = threads) -> str:
            return f"hall/{threads}/{number}.jpg"

        calls: dict[str, Callable[[int], object]] = {
            "put": lambda number: blobs.put(key(number), crops[number % len(crops)]),
            "get": lambda number: blobs.get(key(number)),
            "delete": lambda number: blobs.delete(key(number)),
        }
        for call, work in calls.items():
            say(f"{name}: {call}, {threads} at a time")
            figures_of_row, per_second = measured(work, count, threads=threads, server=server)
            rows.append((name, call, threads, *figures_of_row))
            figures[f"{name.lower()}_{call}_{threads}_per_s"] = per_second
    return rows, figures


def first_call_s(blobs: BlobStore) -> float:
    """A client's first call, which connects."""
    began = time.perf_counter()
    blobs.put("first.jpg", b"x")
    return time.perf_counter() - began


def main() -> None:
    """Run it."""
    arguments = parser(__doc__).parse_args()
    machine = machine_facts()
    count = 20 if arguments.quick else 1000
    random = np.random.default_rng(0)
    crops = [random.bytes(SIZE_BYTES) for _ in range(16)]
    with tempfile.TemporaryDirectory(prefix="sl-blobs-") as folder:
        say("a folder")
        local = open_blobs(load_settings(local={"state_dir": Path(folder)}))
        rows, figures = rows_of("Folder", local, crops, count, {})
        server = S3Server.start(Path(folder) / "s3")
        try:
            settings = load_settings(blobs=server.section(server.make_bucket("crops"), "site"))
            open_blobs(settings).put("wake.jpg", b"x")  # the server's own first call is no client's matter
            first_s = first_call_s(open_blobs(settings))
            of_s3, more = rows_of("S3", open_blobs(settings), crops, count, {"s3": server.running.pid})
        finally:
            server.stop()
    Report(
        name="blobs",
        title="Crops in a folder and in an S3 store",
        method=METHOD,
        tables=[Table("Calls", COLUMNS, [*rows, *of_s3])],
        machine=machine,
        notes=[f"A client's first call takes {first_s:.2f} s: botocore reads its description of the protocol."],
        figures={**figures, **more, "s3_first_call_s": first_s},
    ).publish(output_folder(arguments))


if __name__ == "__main__":
    main()
