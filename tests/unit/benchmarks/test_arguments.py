"""What the command line of a benchmark decides."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import arguments
from benchmarks.__main__ import BENCHMARKS
from benchmarks.arguments import output_folder, parser, shared
from benchmarks.reporting import RESULTS
from sightline.errors import ConfigurationError


def test_full_runs_are_kept_and_quick_ones_are_not(tmp_path: Path) -> None:
    assert output_folder(parser("").parse_args([])) == RESULTS
    assert output_folder(parser("").parse_args(["--quick"])) is None
    assert output_folder(parser("").parse_args(["--quick", "--output", str(tmp_path)])) == tmp_path


def test_missing_research_data_says_where_to_put_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arguments, "SHARED", tmp_path)
    with pytest.raises(ConfigurationError, match=r"\.\./shared/data/video/a\.mp4 does not exist: put the research data"):
        shared("data", "video", "a.mp4")


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_listed_benchmark_is_there(name: str) -> None:
    assert (Path(arguments.__file__).parent / f"{name}.py").is_file()
