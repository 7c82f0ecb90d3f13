"""Whom a connection to a trunk trusts over TLS, in either event loop: the right authority, name and time."""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.voice.carriers.test_sip_transport import Line
from voice.carriers.sip_transport import Place
from voice.sip.events import Pinged


def certificate(directory: Path, name: str, host: str, days: int, signer: str = "") -> None:
    """Write ``name.pem``, signed by ``signer.pem`` or by itself, good from two days ago for so many days."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer, signing = subject, key
    if signer:
        pem = (directory / f"{signer}.pem").read_bytes()
        loaded = serialization.load_pem_private_key(pem, None)
        assert isinstance(loaded, ec.EllipticCurvePrivateKey)
        issuer, signing = x509.load_pem_x509_certificate(pem).subject, loaded
    begin = dt.datetime.now(dt.UTC) - dt.timedelta(days=2)
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(begin)
        .not_valid_after(begin + dt.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=not signer, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(signing, hashes.SHA256())
    )  # fmt: skip
    pem_of = serialization.Encoding.PEM
    secret = key.private_bytes(pem_of, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (directory / f"{name}.pem").write_bytes(secret + made.public_bytes(pem_of))


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two authorities; of the first a good certificate, one of another host, and one that has expired yesterday."""
    directory = tmp_path_factory.mktemp("tls")
    certificate(directory, "authority", "authority.example", 30)
    certificate(directory, "stranger", "stranger.example", 30)
    certificate(directory, "good", "trunk.example", 30, "authority")
    certificate(directory, "elsewhere", "other.example", 30, "authority")
    certificate(directory, "expired", "trunk.example", 1, "authority")
    return directory


@asynccontextmanager
async def far_end(certificates: Path, name: str) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A trunk with a certificate that answers everything with 200: its port, and what it has heard."""
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        heard.append(head)
        lines = head.split(b"\r\n")
        kept = [line for line in lines if line.partition(b":")[0] in (b"Via", b"From", b"Call-ID", b"CSeq")]
        to = [line + b";tag=1" for line in lines if line.startswith(b"To:")]
        writer.write(b"\r\n".join([b"SIP/2.0 200 OK", *kept, *to, b"Content-Length: 0", b"", b""]))

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates / f"{name}.pem")
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1], heard
    finally:
        server.close()


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_over_tls_a_trunk_with_the_right_name_is_trusted(certificates: Path, run: Callable[..., Any]) -> None:
    async def ping() -> None:
        async with far_end(certificates, "good") as (port, heard):
            place = Place("127.0.0.1", port, name="trunk.example", ca_file=str(certificates / "authority.pem"))
            line = Line(place, ping_s=0.05)
            assert await line.transport.open()
            assert await line.until(Pinged) == Pinged(alive=True, status=200)
            assert b"SIP/2.0/TLS 127.0.0.1:" in heard[0] and b";transport=tls>" in heard[0]
            await line.transport.close()

    run(ping())


@pytest.mark.parametrize(
    ("name", "authority"), [("good", "stranger"), ("elsewhere", "authority"), ("expired", "authority"), ("good", "")]
)
async def test_over_tls_a_wrong_authority_name_or_time_is_refused_before_a_word(
    certificates: Path, name: str, authority: str
) -> None:
    async with far_end(certificates, name) as (port, heard):
        trusted = str(certificates / f"{authority}.pem") if authority else ""
        line = Line(Place("127.0.0.1", port, name="trunk.example", ca_file=trusted), ping_s=0.05)
        assert not await line.transport.open(0.3)
        assert heard == [] and not line.transport.up
        await line.transport.close()
