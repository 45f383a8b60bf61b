"""Under which addresses this machine can be reached."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

import ifaddr

from dispatch_server.config import Config

_ITSELF = frozenset({"localhost", "127.0.0.1", "::1"})
_ANY = frozenset({"0.0.0.0", "::"})  # noqa: S104 - the meaning of "every address", not a listener


def local_addresses() -> tuple[str, ...]:
    """Every IPv4 address of this machine that another one could reach; loopback and link-local are left
    out.
    """
    found = [str(ip.ip) for adapter in ifaddr.get_adapters() for ip in adapter.ips if ip.is_IPv4]
    usable = [text for text in found if not _is_private_to_host(text)]
    return tuple(dict.fromkeys(usable))


def phone_addresses(config: Config) -> tuple[str, ...]:
    """Where phones find https: the one address it listens on, or every local one; this machine itself at
    the least.
    """
    if config.host not in _ANY:
        return (config.host,)
    return local_addresses() or ("127.0.0.1",)


def url_for_others(config: Config, base_url: str) -> str:
    """Where other machines find the hub that somebody found at `base_url`: there too, unless that is this
    machine's name for itself.
    """
    if not config.https or urlsplit(base_url).hostname not in _ITSELF:
        return base_url
    return f"https://{phone_addresses(config)[0]}:{config.port + 1}"


def media_addresses(config: Config) -> tuple[str, ...]:
    """Addresses for ICE candidates: as configured, else those that phones use and loopback for this
    machine.
    """
    if config.media_addresses:
        return config.media_addresses
    return tuple(dict.fromkeys((*phone_addresses(config), "127.0.0.1")))


def _is_private_to_host(text: str) -> bool:
    address = ipaddress.ip_address(text)
    return address.is_loopback or address.is_link_local
