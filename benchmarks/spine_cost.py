"""What a frame costs in Kafka, Ray, Triton and Milvus alone, with models that return at once.

python -m benchmarks.spine_cost            the full run, some minutes
python -m benchmarks.spine_cost --quick    a smoke run
"""

from __future__ import annotations

from benchmarks import made_up, spine_kafka, spine_milvus, spine_ray, spine_triton
from benchmarks.arguments import output_folder, parser
from benchmarks.machine import machine_facts
from benchmarks.made_up_models import install_made_up
from benchmarks.product import running
from benchmarks.reporting import Report, Table, say
from benchmarks.stream_run import Replay, replay

METHOD = """\
Each part of the spine is used alone, by the code that the product uses, in one process, with nothing else going on:
made-up pictures (854x480 JPEG), a detector and an embedder that are constants but run in Triton's own Python backend. *Wall*
is the time of one, the calls coming one after another unless the row says otherwise; *client CPU* is this process's, *server
CPU* that of the part's server process (and of its children). *End to end* is the product deployed with these models, stages
fused, in replay mode, from the first frame read to the last transaction."""

COLUMNS = ("part", "count", "of", "wall, ms", "client CPU, ms", "server CPU, ms")


def end_to_end(run: Replay) -> Table:
    """The product with models that return at once: wall and CPU a frame."""
    rows = [(part, 1000 * seconds / run.frames) for part, seconds in sorted(run.cpu_s.items())]
    total = ("all, CPU", 1000 * sum(run.cpu_s.values()) / run.frames)
    wall = (f"wall ({run.fps:.0f} frames/s)", 1000 / run.fps)
    return Table(
        f"End to end, {run.frames} frames, {len(run.sightings)} sightings", ("part", "ms a frame"), [*rows, total, wall]
    )


def main() -> None:
    """Run it."""
    arguments = parser(__doc__).parse_args()
    machine = machine_facts()
    count = 100 if arguments.quick else 2000
    with running(install=install_made_up) as product:
        settings = product.run(stream={"mode": "replay"})
        servers = product.server_pids()
        rows = []
        for part in (spine_kafka, spine_ray, spine_triton, spine_milvus):
            for step in part.steps(settings, count):
                say(step.name)
                rows.append(step.measured(servers))
        whole = replay(product, list(made_up.frames(count, cameras=3)))
    Report(
        name="spine_cost",
        title="Cost of the spine",
        method=METHOD,
        tables=[Table("Parts", COLUMNS, rows), end_to_end(whole)],
        machine=machine,
        figures={"end_to_end_ms": 1000 / whole.fps},
    ).publish(output_folder(arguments))


if __name__ == "__main__":
    main()
