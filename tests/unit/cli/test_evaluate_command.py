"""``sightline evaluate``: what it prints, what it writes, and each error."""

from __future__ import annotations

import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support.labelled_people import write_embedder, write_people
from typer.testing import CliRunner

from sightline.cli.app import app
from sightline.errors import ConfigurationError, ModelError
from sightline.skeleton import JOINTS

Evaluate = Callable[[str], tuple[int, str, BaseException | None]]


@pytest.fixture
def evaluate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Evaluate:
    """``evaluate(arguments)`` in a folder with ``people/`` and ``net.onnx``: exit code, stdout and error."""
    monkeypatch.setenv("SIGHTLINE_LOCAL__STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.chdir(tmp_path)
    write_people(tmp_path / "people")
    write_embedder(tmp_path / "net.onnx")
    write_embedder(tmp_path / "pose.onnx", joints=19)

    def run(arguments: str) -> tuple[int, str, BaseException | None]:
        result = CliRunner().invoke(app, ["evaluate", *arguments.split()])
        return result.exit_code, result.stdout, result.exception

    return run


def test_json_is_the_document_and_nothing_else(evaluate: Evaluate) -> None:
    code, out, _ = evaluate("--model net.onnx --data people --rerank --json")

    document = json.loads(out)
    assert code == 0
    assert document["rank_1"] == document["plain"]["rank_1"] == 1.0
    assert document["reranked"] is True
    assert document["data"]["queries"] == 4
    assert document["model"]["name"] == "reid_net"


def test_a_table_for_people(evaluate: Evaluate) -> None:
    code, out, _ = evaluate("--model net.onnx --data people --rerank --max-rank 10")

    assert code == 0
    plain, reranked = (next(line for line in out.splitlines() if name in line) for name in ("plain", "re-ranked"))
    assert plain.split() == ["plain", "100.0", "100.0", "100.0", "100.0"]  # there is no rank 20
    assert reranked.split()[:2] == ["re-ranked", "100.0"]


def test_a_model_of_the_repositories(evaluate: Evaluate, tmp_path: Path) -> None:
    _, spec, _ = evaluate("--model net.onnx --data people --json")
    folder = tmp_path / "state" / "models" / "reid_colours"
    (folder / "1").mkdir(parents=True)
    shutil.copy(tmp_path / "net.onnx", folder / "1" / "model.onnx")
    tensors = {
        "inputs": [{"name": "crop", "dtype": "uint8", "shape": [-1, 16, 8, 3]}],
        "outputs": [{"name": "embedding", "dtype": "float32", "shape": [-1, 6]}],
    }
    sha256 = json.loads(spec)["model"]["sha256"]
    written = {"name": "reid_colours", "kind": "embedder", "crop": {"size_hw": [16, 8]}, "sha256": sha256, **tensors}
    (folder / "spec.json").write_text(json.dumps(written))

    _, out, _ = evaluate("--model reid_colours --data people --json")

    assert json.loads(out)["model"]["name"] == "reid_colours"


def test_every_option_at_once(evaluate: Evaluate, tmp_path: Path) -> None:
    options = (
        "--flip --batch-size 3 --threads 1 --metric cosine --protocol cuhk03 --max-rank 5 --multi-query max --query-camera 1 "
        "--gallery-camera 2 --seed 3 --output report --pictures 2"
    )
    code, out, _ = evaluate(f"--model net.onnx --data people --json {options}")

    document = json.loads(out)
    assert code == 0
    assert document["options"] == {
        "metric": "cosine",
        "protocol": "cuhk03",
        "flip": True,
        "multi_query": "max",
        "query_cameras": [1],
        "gallery_cameras": [2],
        "rerank": False,
        "seed": 3,
    }
    assert len(document["cmc"]) == 5
    written = {path.relative_to(tmp_path / "report").parts[0] for path in (tmp_path / "report").rglob("*")}
    assert written == {"cmc.png", "evaluation.json", "evaluation.md", "ranked"}


def test_figures_of_an_onnx_model_are_the_ranks(evaluate: Evaluate, tmp_path: Path) -> None:
    code, _, _ = evaluate("--model net.onnx --data people --output report --figures")

    assert code == 0
    written = sorted(path.name for path in (tmp_path / "report" / "figures").iterdir())
    assert written == ["right_match_ranks.json", "right_match_ranks.png"]
    assert "figures/right_match_ranks.png" in (tmp_path / "report" / "evaluation.md").read_text()


def test_an_archive_is_evaluated_with_the_key_points_beside_it(
    evaluate: Evaluate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    names = [path.name for folder in ("query", "bounding_box_test") for path in (tmp_path / "people" / folder).iterdir()]
    _, expected, _ = evaluate("--model net.onnx --data people --json")
    (tmp_path / "packed").mkdir()
    with tarfile.open(tmp_path / "packed" / "people.tar", "w") as tar:
        tar.add(tmp_path / "people", "people")
    np.savez(tmp_path / "packed" / "keypoints.npz", name=names, xy=np.ones((len(names), 14, 2), np.float32))

    for data in ("packed/people.tar", "packed"):
        code, out, _ = evaluate(f"--model net.onnx --data {data} --json")
        assert code == 0
        assert json.loads(out)["cmc"] == json.loads(expected)["cmc"]
        assert json.loads(out)["data"] == json.loads(expected)["data"]
        assert evaluate(f"--model pose.onnx --data {data} --json")[0] == 0


def test_key_points_are_found_beside_the_data(evaluate: Evaluate, tmp_path: Path) -> None:
    names = [path.name for folder in ("query", "bounding_box_test") for path in (tmp_path / "people" / folder).iterdir()]
    np.savez(tmp_path / "keypoints.npz", name=names[:-2], xy=np.ones((len(names) - 2, 14, 2), np.float32))

    code, out, _ = evaluate("--model pose.onnx --data people --json")

    assert code == 0
    assert json.loads(out)["data"]["without_keypoints"] == 2


def test_attributes_are_held_to_those_beside_the_data(evaluate: Evaluate, tmp_path: Path) -> None:
    """By the model that ships; whoever it takes for a man is none by the labels the other way round."""
    pictures = [path.name for folder in ("query", "bounding_box_test") for path in (tmp_path / "people" / folder).iterdir()]
    np.savez(tmp_path / "keypoints.npz", name=pictures, xy=np.ones((len(pictures), 14, 2), np.float32))
    pids = sorted({int(name[:4]) for name in pictures if not name.startswith(("-1", "0000"))})
    right = []
    for place, other in ((tmp_path, "female"), (tmp_path / "people", "male")):
        rows = [f"{pid},{other if pid == pids[0] else {'male', 'female'}.difference({other}).pop()}" for pid in pids]
        (place / "attributes.csv").write_text("\n".join(["pid,gender", *rows]) + "\n")
        code, out, _ = evaluate("--model reid_sightline --data people --json")
        assert code == 0
        figures = json.loads(out)["attributes"]
        assert list(figures) == ["gender"]
        assert figures["gender"]["pictures"] == sum(not name.startswith(("-1", "0000")) for name in pictures)
        right.append(figures["gender"]["accuracy"])
    assert sum(right) == pytest.approx(1.0)

    code, out, _ = evaluate("--model reid_sightline --data people --output report")
    assert code == 0
    assert "gender" in out
    assert "| gender |" in (tmp_path / "report" / "evaluation.md").read_text()
    _, _, error = evaluate("--model net.onnx --data people --attributes attributes.csv")
    assert isinstance(error, ConfigurationError)
    assert "reid_net tells no attributes: leave out --attributes" in str(error)


def test_corrupt_pictures(evaluate: Evaluate, tmp_path: Path) -> None:
    (tmp_path / "people" / "query" / "0002_c1s1_000001_00.png").write_bytes(b"hello")
    _, _, error = evaluate("--model net.onnx --data people")
    assert isinstance(error, ConfigurationError)
    assert "1 of the pictures cannot be read" in str(error)
    assert "0002_c1s1_000001_00.png" in str(error)
    assert "--skip-corrupt" in str(error)

    code, out, _ = evaluate("--model net.onnx --data people --skip-corrupt --json")
    assert code == 0
    assert json.loads(out)["data"]["corrupt"] == ["query/0002_c1s1_000001_00.png"]
    assert json.loads(out)["data"]["queries"] == 3


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ("--model net.onnx --data nowhere", ConfigurationError, ["no folder", "nowhere"]),
        ("--model net.onnx --data people/query", ConfigurationError, ["not in Market-1501 layout"]),
        ("--model net.onnx --data .", ConfigurationError, ["did you mean people"]),
        ("--model reid_none --data people", ConfigurationError, ["no model 'reid_none'", "models add"]),
        ("--model none.onnx --data people", ConfigurationError, ["no file", "none.onnx"]),
        ("--model none.pt --data people", ConfigurationError, ["none.pt", "cannot be read"]),
        ("--model net.onnx --data net.onnx", ConfigurationError, ["neither a folder nor an archive"]),
        ("--model people/query/0001_c1s1_000001_00.png --data people", ModelError, ["0001_c1s1_000001_00.png"]),
        ("--model pose.onnx --data people", ConfigurationError, ["reid_pose takes key points", "--keypoints"]),
        ("--model pose.onnx --data people --keypoints none.npz", ConfigurationError, ["none.npz"]),
        ("--model net.onnx --data people --query-camera 7", ConfigurationError, ["camera 7", "cameras with pictures: 1"]),
        ("--model net.onnx --data people --output net.onnx", ConfigurationError, ["cannot be written"]),
    ],
)
def test_each_error_is_named(evaluate: Evaluate, arguments: str, kind: type[Exception], words: list[str]) -> None:
    code, out, error = evaluate(arguments)

    assert isinstance(error, kind)
    assert (code, out) == (1, "")
    for word in words:
        assert word in str(error)


@pytest.mark.parametrize(
    "arguments",
    [
        "--data people",
        "--model net.onnx",
        "--model net.onnx --data people --metric manhattan",
        "--model net.onnx --data people --protocol duke",
        "--model net.onnx --data people --max-rank 0",
        "--model net.onnx --data people --pictures 3",
        "--model net.onnx --data people --figures",
    ],
)
def test_wrong_usage_is_2(evaluate: Evaluate, arguments: str) -> None:
    assert evaluate(arguments)[0] == 2


def test_all_joints_are_taken(evaluate: Evaluate, tmp_path: Path) -> None:
    names = [path.name for folder in ("query", "bounding_box_test") for path in (tmp_path / "people" / folder).iterdir()]
    np.savez(tmp_path / "all.npz", name=names, xy=np.ones((len(names), 19, 2)), joints=list(JOINTS))

    assert evaluate("--model pose.onnx --data people --keypoints all.npz --flip --json")[0] == 0
