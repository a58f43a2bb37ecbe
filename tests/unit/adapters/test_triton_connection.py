from __future__ import annotations

import pytest
from tritonclient.utils import InferenceServerException

from sightline.adapters.triton import TritonAdmin, TritonInference, is_local
from sightline.adapters.triton.connection import triton_errors_mapped
from sightline.adapters.triton.inference import wants_shared_memory
from sightline.errors import ConfigurationError, ModelError, ServiceError, ServiceUnavailable
from sightline.settings import TritonSettings


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("UNAVAILABLE", ServiceUnavailable),
        ("DEADLINE_EXCEEDED", ServiceUnavailable),
        ("NOT_FOUND", ServiceUnavailable),
        ("INTERNAL", ServiceUnavailable),
        ("CANCELLED", ServiceUnavailable),
        ("INVALID_ARGUMENT", ModelError),
        ("UNAUTHENTICATED", ServiceError),
        ("PERMISSION_DENIED", ServiceError),
    ],
)
def test_each_status_means_something_to_us(status, kind):
    error = InferenceServerException("words", f"StatusCode.{status}")
    with pytest.raises(kind, match=r"words.* while running x") as caught, triton_errors_mapped("running x"):
        raise error
    assert type(caught.value) is kind
    assert caught.value.__cause__ is error


@pytest.mark.parametrize(
    ("url", "setting", "wanted"),
    [
        ("127.0.0.1:8001", "auto", True),
        ("localhost:8001", "auto", True),
        ("[::1]:8001", "auto", True),
        ("10.0.0.4:8001", "auto", False),
        ("triton.example.org:8001", "auto", False),
        ("triton.example.org:8001", "on", True),
        ("127.0.0.1:8001", "off", False),
    ],
)
def test_shared_memory_is_for_servers_on_this_machine(url, setting, wanted):
    settings = TritonSettings(url=url, shared_memory=setting)
    assert wants_shared_memory(settings) is wanted
    if setting == "auto":
        assert is_local(settings) is wanted


async def test_without_an_address_the_next_step_is_named():
    with pytest.raises(ConfigurationError, match="sightline up"):
        await TritonInference(TritonSettings()).open()
    with pytest.raises(ConfigurationError, match=r"triton\.url"):
        async with TritonAdmin(TritonSettings()):
            pass


async def test_a_ca_file_that_is_not_there_is_named(tmp_path):
    settings = TritonSettings(url="localhost:1", ssl=True, ssl_cafile=tmp_path / "none.pem")
    with pytest.raises(ConfigurationError, match=r"triton\.ssl_cafile"):
        await TritonInference(settings).open()


async def test_calls_before_opening_and_after_closing_are_refused():
    triton = TritonInference(TritonSettings(url="localhost:1"))
    with pytest.raises(ServiceUnavailable, match=r"open\(\) first"):
        await triton.infer("x", {})
    await triton.close()
    await triton.close()


async def test_a_server_that_is_not_there(caplog):
    triton = TritonInference(TritonSettings(url="127.0.0.1:9", timeout_s=5))
    await triton.open()
    with pytest.raises(ServiceUnavailable):
        await triton.infer("x", {})
    await triton.close()
    async with TritonAdmin(TritonSettings(url="127.0.0.1:9", timeout_s=5)) as admin:
        assert not await admin.ready()
        assert not await admin.ready("x")
        with pytest.raises(ServiceUnavailable):
            await admin.index()
