"""TLS and the token, against a gRPC server that speaks Triton's protocol and looks at what it is sent.

Triton itself leaves tokens to the proxy in front of it; this stands for that proxy.
"""

from __future__ import annotations

import subprocess

import grpc
import pytest
from pydantic import SecretStr
from tritonclient.grpc import service_pb2, service_pb2_grpc

from sightline.adapters.triton import TritonAdmin, TritonInference
from sightline.errors import ServiceError, ServiceUnavailable
from sightline.settings import TritonSettings

TOKEN = "a-token"


class Gate(service_pb2_grpc.GRPCInferenceServiceServicer):
    """Answers with its version who brings the token."""

    async def ServerMetadata(self, request, context):  # noqa: N802 the protocol names it
        if dict(context.invocation_metadata()).get("authorization") != f"Bearer {TOKEN}":
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "no such token")
        return service_pb2.ServerMetadataResponse(name="triton", version="9.9")

    async def ModelInfer(self, request, context):  # noqa: N802
        await self.ServerMetadata(request, context)
        return service_pb2.ModelInferResponse(model_name=request.model_name)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-keyout", key, "-out", cert, *subject]
    subprocess.run(command, check=True, capture_output=True)
    return key, cert


@pytest.fixture
async def url(certificate):
    key, cert = certificate
    server = grpc.aio.server()
    service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(Gate(), server)
    credentials = grpc.ssl_server_credentials([(key.read_bytes(), cert.read_bytes())])
    port = server.add_secure_port("127.0.0.1:0", credentials)
    await server.start()
    yield f"localhost:{port}"
    await server.stop(None)


async def version(settings: TritonSettings) -> str:
    async with TritonAdmin(settings) as admin:
        return await admin.version()


async def test_the_token_is_sent_over_tls(url, certificate):
    settings = TritonSettings(url=url, ssl=True, ssl_cafile=certificate[1], token=SecretStr(TOKEN), shared_memory="off")
    assert await version(settings) == "9.9"
    triton = TritonInference(settings)
    await triton.open()
    assert await triton.infer("x", {}) == {}
    await triton.close()


async def test_a_wrong_token_is_a_lasting_fault(url, certificate):
    settings = TritonSettings(url=url, ssl=True, ssl_cafile=certificate[1], token=SecretStr("other"))
    with pytest.raises(ServiceError, match=r"check triton\.token") as caught:
        await version(settings)
    assert not isinstance(caught.value, ServiceUnavailable)


@pytest.mark.parametrize("changes", [{"ssl": False}, {"ssl": True}], ids=["no TLS", "an unknown authority"])
async def test_a_connection_that_is_not_safe_is_not_made(url, changes):
    with pytest.raises(ServiceUnavailable):
        await version(TritonSettings(url=url, token=SecretStr(TOKEN), timeout_s=3, **changes))
