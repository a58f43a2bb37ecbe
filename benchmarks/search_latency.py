"""Bench (d): how long a search takes in Milvus Lite, in the standalone server and in plain numpy.

``python -m benchmarks.search_latency [--quick]``. It decides the default of ``milvus.backend``.
"""

from __future__ import annotations

import signal
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

from benchmarks.arguments import output_folder, parser
from benchmarks.machine import machine_facts
from benchmarks.reporting import Cell, Report, Table, say
from infra.local.services import MILVUS
from infra.local.stack import LocalStack
from sightline.adapters.milvus import MilvusGallery
from sightline.ports import Gallery
from sightline.settings import LocalPorts, load_settings
from sightline.types import Float32Array, Match, Sighting, SightingFilter

DIMENSION, K, CAMERAS, PER_PERSON = 512, 20, 5, 20
SPACE = "reid_bench_v1_512_0123456789ab"
BATCH = 1000
CLIENTS = 4
MAX_QUERIES, MAX_SECONDS, RECALL_QUERIES = 200, 4.0, 15
SETTLE_S = 10.0
WITHIN = "c1"


@dataclass(frozen=True)
class People:
    """Made-up sightings: ``PER_PERSON`` of each identity, at a cosine of about 0.67 to one another, in turn by camera."""

    vectors: Float32Array
    queries: Float32Array
    now_us: int

    @classmethod
    def make(cls, count: int, rng: np.random.Generator) -> People:
        centres = rng.standard_normal((max(1, count // PER_PERSON), DIMENSION))
        seen = centres[rng.integers(0, len(centres), count)] + 0.7 * rng.standard_normal((count, DIMENSION))
        asked = centres[rng.integers(0, len(centres), MAX_QUERIES)] + 0.7 * rng.standard_normal((MAX_QUERIES, DIMENSION))
        return cls(_unit(seen), _unit(asked), int(time.time() * 1e6))

    def sighting(self, index: int) -> Sighting:
        return Sighting(
            sighting_id=str(uuid.UUID(int=index)),
            camera=f"c{index % CAMERAS}",
            frame_id=f"frame-{index}",
            captured_at_us=self.now_us - (len(self.vectors) - index) * 100_000,
            track=f"c{index % CAMERAS}/track-{index // 10}",
            box_xywh=(10.0, 20.0, 64.0, 128.0),
            score=0.9,
            quality=0.8,
            embedding=self.vectors[index],
            space=SPACE,
            crop_key=f"c{index % CAMERAS}/2026-01-01/{index}.jpg",
            crop_box_xywh=(6.4, 12.8, 64.0, 128.0),
        )

    def answers(self, query: Float32Array, camera: str | None) -> set[int]:
        """The true nearest K, by plain numpy."""
        if camera is None:
            return set(_nearest(self.vectors, query))
        rows = np.arange(int(camera[1:]), len(self.vectors), CAMERAS)
        return set(rows[_nearest(self.vectors[rows], query)])


def _unit(vectors: np.ndarray) -> Float32Array:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def _nearest(vectors: Float32Array, query: Float32Array) -> list[int]:
    scores = vectors @ query
    best = np.argpartition(scores, -K)[-K:]
    return [int(i) for i in best[np.argsort(-scores[best])]]


@dataclass(frozen=True)
class Measured:
    """What one gallery did with one size; times in seconds."""

    gallery: str
    size: int
    latencies: Float32Array
    filtered: Float32Array
    queries_per_s: float
    recall: float
    filtered_recall: float
    newest_s: float | None
    inserts_per_s: float | None
    memory_mb: float

    def row(self) -> tuple[Cell, ...]:
        p50, p99 = (float(value) for value in np.percentile(self.latencies, [50, 99]) * 1e3)
        filter_p50, filter_p99 = (float(value) for value in np.percentile(self.filtered, [50, 99]) * 1e3)
        newest_ms = None if self.newest_s is None else self.newest_s * 1e3
        times = (p50, p99, filter_p50, filter_p99, self.queries_per_s)
        return (
            self.size,
            self.gallery,
            *times,
            self.recall,
            self.filtered_recall,
            newest_ms,
            self.inserts_per_s,
            self.memory_mb,
        )


COLUMNS = (
    *("sightings", "gallery", "p50 ms", "p99 ms", "filtered p50 ms", "filtered p99 ms", "queries/s"),
    *("recall@20", "filtered recall@20", "newest 50, ms", "inserts/s", "memory MB"),
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run it, print the table and write it to ``benchmarks/results``."""
    chosen = parser(__doc__).parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are stopped then, too
    machine = machine_facts()
    measured = []
    for size in (1_000, 2_000) if chosen.quick else (10_000, 100_000):
        people = People.make(size, np.random.default_rng(size))
        say(f"{size} sightings in numpy")
        measured.append(_measure_numpy(people))
        for kind in MILVUS:
            say(f"{size} sightings in Milvus {kind}")
            measured.append(_measure_milvus(kind, people, settle_s=1 if chosen.quick else SETTLE_S))
    table = Table("Search", COLUMNS, [one.row() for one in measured])
    Report(
        name="search_latency",
        title="Search latency",
        method=(
            f"{DIMENSION}-d unit vectors, {PER_PERSON} a person. k = {K}; whole sightings come back, their embeddings too. "
            f"Latency is of one client, queries/s of {CLIENTS}; filtered = one of {CAMERAS} cameras. Rows are added {BATCH} at "
            "a time, replacing as the writer does, and visible when `add` returns. Recall is of the true nearest."
        ),
        tables=[table],
        machine=machine,
        notes=[
            "Clients and servers share the cores; whatever else ran on the machine is in the load average.",
            "Memory is the resident set of the server's processes; numpy's is its array alone.",
        ],
        figures=_figures(measured),
    ).publish(output_folder(chosen))


def _figures(measured: Sequence[Measured]) -> dict[str, float]:
    return {f"{one.gallery} {one.size} p50 ms": round(float(np.median(one.latencies)) * 1e3, 2) for one in measured}


def _measure_numpy(people: People) -> Measured:
    rows = np.arange(int(WITHIN[1:]), len(people.vectors), CAMERAS)
    one_camera = people.vectors[rows]
    return Measured(
        gallery="numpy",
        size=len(people.vectors),
        latencies=_latencies(lambda query: _nearest(people.vectors, query), people.queries),
        filtered=_latencies(lambda query: _nearest(one_camera, query), people.queries),
        queries_per_s=_throughput(lambda query: _nearest(people.vectors, query), people.queries),
        recall=1.0,
        filtered_recall=1.0,
        newest_s=None,
        inserts_per_s=None,
        memory_mb=people.vectors.nbytes / 1e6,
    )


def _measure_milvus(kind: str, people: People, *, settle_s: float) -> Measured:
    with _server(kind) as (gallery, memory_mb):
        began = time.perf_counter()
        for start in range(0, len(people.vectors), BATCH):
            some = range(start, min(start + BATCH, len(people.vectors)))
            gallery.add([people.sighting(index) for index in some], maybe_present=True)
        insert_s = time.perf_counter() - began
        time.sleep(settle_s)  # what is being indexed still takes the cores
        where = SightingFilter(cameras=(WITHIN,))
        return Measured(
            gallery=f"Milvus {kind}",
            size=len(people.vectors),
            latencies=_latencies(lambda query: _search(gallery, query), people.queries),
            filtered=_latencies(lambda query: _search(gallery, query, where), people.queries),
            queries_per_s=_throughput(lambda query: _search(gallery, query), people.queries),
            recall=_recall(gallery, people, None),
            filtered_recall=_recall(gallery, people, WITHIN),
            newest_s=float(np.median(_latencies(lambda _: gallery.newest(limit=50), people.queries[:10]))),
            inserts_per_s=len(people.vectors) / insert_s,
            memory_mb=memory_mb(),
        )


def _search(gallery: Gallery, query: Float32Array, where: SightingFilter | None = None) -> list[Match]:
    return gallery.search(query[None], k=K, where=where or SightingFilter())[0]


def _recall(gallery: Gallery, people: People, camera: str | None) -> float:
    where = SightingFilter(cameras=(camera,)) if camera else None
    parts = []
    for query in people.queries[:RECALL_QUERIES]:
        found = {uuid.UUID(match.sighting.sighting_id).int for match in _search(gallery, query, where)}
        parts.append(len(found & people.answers(query, camera)) / K)
    return float(np.mean(parts))


def _latencies(call: Callable[[Float32Array], object], queries: Float32Array) -> Float32Array:
    """Seconds of each call, one after the other; the first, which warms up, does not count."""
    call(queries[0])
    taken: list[float] = []
    while len(taken) < len(queries) and sum(taken) < MAX_SECONDS:
        began = time.perf_counter()
        call(queries[len(taken)])
        taken.append(time.perf_counter() - began)
    return np.array(taken, np.float32)


def _throughput(call: Callable[[Float32Array], object], queries: Float32Array) -> float:
    """Calls a second of ``CLIENTS`` threads together."""
    ends_at = time.perf_counter() + MAX_SECONDS / 2

    def work(client: int) -> int:
        done = 0
        while time.perf_counter() < ends_at:
            call(queries[(client + done * CLIENTS) % len(queries)])
            done += 1
        return done

    began = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        calls = sum(pool.map(work, range(CLIENTS)))
    return calls / (time.perf_counter() - began)


@contextmanager
def _server(kind: str) -> Iterator[tuple[MilvusGallery, Callable[[], float]]]:
    """A server of its own with an empty gallery, and its resident memory in MB."""
    with tempfile.TemporaryDirectory(prefix="sl-bench-") as folder:
        local = {"state_dir": Path(folder), "ports": dict.fromkeys(LocalPorts.model_fields, 0)}
        stack = LocalStack(load_settings(milvus={"backend": kind}, local=local), [MILVUS[kind]])
        try:
            settings = stack.up()
            record = stack.record("milvus")
            assert record is not None, "up() starts it"
            server = psutil.Process(record.process.pid)
            gallery = MilvusGallery.open(settings.milvus, space=SPACE, dimension=DIMENSION)
            yield gallery, lambda: _resident_mb(server)
            gallery.close()
        finally:
            stack.down()


def _resident_mb(server: psutil.Process) -> float:
    return sum(process.memory_info().rss for process in [server, *server.children(recursive=True)]) / 1e6


if __name__ == "__main__":
    main()
