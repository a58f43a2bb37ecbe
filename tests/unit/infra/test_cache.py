"""What is downloaded: once, whole, and as listed."""

from __future__ import annotations

import hashlib
import threading

import pytest

from infra.local import cache
from infra.local.kafka import CHECKSUMS, POM, VERSION, verify_jars
from sightline.errors import ConfigurationError


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def test_it_is_built_once_by_whoever_comes_first():
    built: list[int] = []

    def build(folder):
        built.append(1)
        (folder / "thing").write_text("done")

    threads = [threading.Thread(target=cache.installed, args=("thing-1", build)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert built == [1]
    assert (cache.installed("thing-1", build) / "thing").read_text() == "done"


def test_what_was_left_half_done_does_not_count():
    def fail(folder):
        (folder / "half").write_text("")
        raise ConfigurationError("no network")

    with pytest.raises(ConfigurationError, match="no network"):
        cache.installed("thing-1", fail)
    folder = cache.installed("thing-1", lambda folder: (folder / "whole").touch())
    assert sorted(path.name for path in folder.iterdir()) == [".complete", "whole"]


def test_a_missing_program_says_how_to_install_it():
    with pytest.raises(ConfigurationError, match="apt-get install it"):
        cache.program("no-such-program", how="apt-get install it")


def test_an_installer_that_fails_is_quoted():
    with pytest.raises(ConfigurationError, match=r"(?s)fetching failed \(exit code 3\).*no route"):
        cache.run_installer(["sh", "-c", "echo no route; exit 3"], doing="fetching")


@pytest.fixture
def jars(tmp_path):
    """A folder of two jars and the list of them."""
    libs = tmp_path / "libs"
    libs.mkdir()
    for name in ("a.jar", "b.jar"):
        (libs / name).write_text(name)
    listed = "".join(f"{hashlib.sha256(name.encode()).hexdigest()}  {name}\n" for name in ("a.jar", "b.jar"))
    (tmp_path / "jars.sha256").write_text(listed)
    return libs


def test_jars_as_listed(jars):
    verify_jars(jars, jars.parent / "jars.sha256")


@pytest.mark.parametrize(
    ("name", "change"),
    [("a.jar", lambda jar: jar.write_text("evil")), ("b.jar", lambda jar: jar.unlink()), ("c.jar", lambda jar: jar.touch())],
)
def test_jars_that_differ_are_named(jars, name, change):
    change(jars / name)
    with pytest.raises(ConfigurationError, match=name):
        verify_jars(jars, jars.parent / "jars.sha256")


def test_the_version_is_the_same_everywhere():
    assert f"<version>{VERSION}</version>" in POM.read_text()
    assert f"kafka_2.13-{VERSION}.jar" in CHECKSUMS.read_text()
