"""Attributes held to labels: by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sightline.attribute_table import AttributeTable, read_attributes
from sightline.evaluation.attribute_accuracy import AttributeAccuracy, attribute_accuracy
from sightline.evaluation.market_layout import LabelledPicture

NAMES = ("hat", "gender:male", "gender:female")


def table(folder: Path, *rows: str) -> AttributeTable:
    (folder / "attributes.csv").write_text("\n".join(["pid,gender,hat,age", *rows]) + "\n")
    return read_attributes(folder / "attributes.csv")


def pictures(*pids: int) -> list[LabelledPicture]:
    return [LabelledPicture(Path(f"{pid:04d}_c1_{row}.jpg"), pid, 1) for row, pid in enumerate(pids)]


def test_each_attribute_is_counted_by_itself(tmp_path: Path) -> None:
    known = table(tmp_path, "1,male,no,old", "2,female,yes,", "3,male,,")
    told = np.array([[0.9, 0.8, 0.2], [0.2, 0.7, 0.3], [0.6, 0.4, 0.6], [0.6, 0.9, 0.1], [0.9, 0.1, 0.9]], np.float32)
    people = pictures(1, 1, 2, 3, 7)

    figures = attribute_accuracy(NAMES, told, people, known)

    gender = AttributeAccuracy("gender", pictures=4, accuracy=1.0, balanced=1.0, commonest=0.75)
    hat = AttributeAccuracy("hat", pictures=3, accuracy=pytest.approx(2 / 3), balanced=0.75, commonest=pytest.approx(2 / 3))
    assert figures == (gender, hat), "nothing of age, which the model does not tell, nor of 7, whom nobody labelled"


def test_a_label_without_a_name_is_missed(tmp_path: Path) -> None:
    known = table(tmp_path, "1,nobody,no,old", "2,male,no,old")
    told = np.array([[0.1, 0.9, 0.1], [0.1, 0.9, 0.1]], np.float32)
    gender, hat = attribute_accuracy(NAMES, told, pictures(1, 2), known)
    assert (gender.accuracy, gender.balanced, hat.accuracy) == (0.5, 0.5, 1.0)


def test_where_nobody_is_labelled_nothing_is_said(tmp_path: Path) -> None:
    assert attribute_accuracy(NAMES, np.zeros((1, 3), np.float32), pictures(9), table(tmp_path, "1,male,no,old")) == ()
