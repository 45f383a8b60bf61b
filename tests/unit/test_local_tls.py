"""The authority stays, the server's certificate follows the machine's addresses, nobody else reads a key."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from dispatch_server.errors import StartError
from dispatch_server.local_tls import LocalTls, local_tls

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
NAMES = ("192.168.1.20", "10.0.0.7", "command-hall")


def start(folder: Path, *, names: tuple[str, ...] = NAMES, now: datetime = NOW) -> LocalTls:
    return local_tls(folder, names=names, now=now)


def certificate(folder: Path, stem: str = "server") -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / f"{stem}.pem").read_bytes())


def handshake(server: ssl.SSLContext, ca_pem: Path, name: str) -> str:
    """The TLS version that a client which trusts only this authority agrees on, in memory."""
    client_context = ssl.create_default_context(cafile=ca_pem)
    client_context.verify_flags |= ssl.VERIFY_X509_STRICT
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server, server_hostname=name)
    peer = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (client, peer):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    version = client.version()
    assert version is not None
    return version


# The handshake checks dates against the machine's own clock.
@pytest.mark.parametrize("name", ["192.168.1.20", "10.0.0.7", "command-hall", "localhost", "127.0.0.1"])
def test_a_client_that_trusts_the_authority_reaches_every_name_of_it(tmp_path: Path, name: str) -> None:
    tls = start(tmp_path / "tls", now=datetime.now(UTC))

    assert handshake(tls.context, tls.ca_pem, name) == "TLSv1.3"


def test_a_name_that_is_not_the_machine_s_is_refused(tmp_path: Path) -> None:
    tls = start(tmp_path / "tls", now=datetime.now(UTC))

    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        handshake(tls.context, tls.ca_pem, "192.168.1.99")


def test_the_server_s_certificate_lives_no_longer_than_phones_accept(tmp_path: Path) -> None:
    start(tmp_path)
    leaf = certificate(tmp_path)

    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc <= timedelta(days=397)
    assert leaf.not_valid_before_utc < NOW < leaf.not_valid_after_utc


def test_the_authority_may_sign_servers_but_no_further_authorities(tmp_path: Path) -> None:
    start(tmp_path)
    constraints = certificate(tmp_path, "ca").extensions.get_extension_for_class(x509.BasicConstraints)

    assert constraints.critical
    assert constraints.value.ca
    assert constraints.value.path_length == 0


def test_a_second_start_changes_no_file(tmp_path: Path) -> None:
    start(tmp_path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}

    start(tmp_path, now=NOW + timedelta(days=300), names=tuple(reversed(NAMES)))

    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before
    assert set(before) == {"ca.pem", "ca.key", "server.pem", "server.key"}


def test_a_new_address_is_signed_by_the_same_authority(tmp_path: Path) -> None:
    start(tmp_path)
    ca_before = (tmp_path / "ca.pem").read_bytes()

    tls = start(tmp_path, names=("172.20.5.4",))

    assert (tmp_path / "ca.pem").read_bytes() == ca_before
    assert tls.names == {"172.20.5.4", "localhost", "127.0.0.1", "::1"}
    certificate(tmp_path).verify_directly_issued_by(certificate(tmp_path, "ca"))


def test_a_certificate_near_its_end_is_signed_anew_in_the_running_context(tmp_path: Path) -> None:
    first = start(tmp_path)
    serial = certificate(tmp_path).serial_number

    later = local_tls(tmp_path, names=NAMES, now=first.renew_at, context=first.context)

    assert later.context is first.context
    assert certificate(tmp_path).serial_number != serial
    assert later.renew_at > first.renew_at


def test_keys_are_closed_to_others_even_if_someone_opened_them(tmp_path: Path) -> None:
    start(tmp_path)
    (tmp_path / "ca.key").chmod(0o644)

    start(tmp_path)

    assert {oct((tmp_path / name).stat().st_mode & 0o777) for name in ("ca.key", "server.key")} == {"0o600"}


def test_a_damaged_server_certificate_is_simply_replaced(tmp_path: Path) -> None:
    start(tmp_path)
    (tmp_path / "server.pem").write_text("not a certificate")

    start(tmp_path)

    certificate(tmp_path).verify_directly_issued_by(certificate(tmp_path, "ca"))


@pytest.mark.parametrize("name", ["ca.pem", "ca.key"])
def test_a_damaged_authority_is_never_replaced_silently(tmp_path: Path, name: str) -> None:
    start(tmp_path)
    (tmp_path / name).write_text("damaged")

    with pytest.raises(StartError, match="damaged or do not belong together"):
        start(tmp_path)


@pytest.mark.parametrize("name", ["ca.pem", "ca.key"])
def test_half_an_authority_is_never_completed_silently(tmp_path: Path, name: str) -> None:
    start(tmp_path)
    (tmp_path / name).unlink()

    with pytest.raises(StartError, match="is missing"):
        start(tmp_path)


def test_the_key_of_another_authority_is_noticed(tmp_path: Path) -> None:
    start(tmp_path / "ours")
    start(tmp_path / "theirs")
    (tmp_path / "theirs" / "ca.key").replace(tmp_path / "ours" / "ca.key")

    with pytest.raises(StartError, match="do not belong together"):
        start(tmp_path / "ours")


def test_an_authority_that_is_over_stops_the_start_with_its_date(tmp_path: Path) -> None:
    start(tmp_path)

    with pytest.raises(StartError, match="ended on 2036-02-26"):
        start(tmp_path, now=NOW + timedelta(days=3700))


def test_the_last_certificate_ends_with_its_authority(tmp_path: Path) -> None:
    start(tmp_path)
    start(tmp_path, now=NOW + timedelta(days=3500))

    assert certificate(tmp_path).not_valid_after_utc == certificate(tmp_path, "ca").not_valid_after_utc


def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file, not a folder")

    with pytest.raises(StartError, match=r"cannot keep the https certificate in .*: Not a directory"):
        start(tmp_path / "data" / "tls")


def test_a_host_name_that_no_certificate_can_carry_is_left_out(tmp_path: Path) -> None:
    tls = start(tmp_path, names=("指挥大厅", "fe80::1%eth0", "192.168.1.20"))

    assert "192.168.1.20" in tls.names
    assert not any("指" in name for name in tls.names)
