"""The keys of signed addresses on disk.

Owns   `data_dir/keys/address-N.json`, mode 0600 in a folder of mode 0700: making the first, adding one, reading all.
Knows  nothing of tokens. Never changes or deletes a file: what an old key signed is still on its way.

Invariants
    A key is whole on the disk, and its name too, before it is used; half a file is never read as a key.
    Keys are part of the backup: without them every address of ours that is out in the world is worth nothing.
"""

import os
import secrets
from pathlib import Path

import msgspec

from ..mta.crashpoint import reach
from .signed_address import MAX_KEY_ID, AddressKey, AddressSigner
from .storage.database import StorageError

_SECRET_OCTETS = 32


class AddressKeyError(StorageError):
    """A key file cannot be read or made; str() is one sentence."""


def open_signer(folder: Path) -> AddressSigner:
    """A signer over all keys in the folder; the first key is made when there is none. Raises AddressKeyError."""
    keys = read_keys(folder) or [add_key(folder, 0)]
    if all(key.first for key in keys):
        raise AddressKeyError(f"{folder}: the first key is missing, so addresses in old letters cannot be read")
    return AddressSigner(keys)


def read_keys(folder: Path) -> list[AddressKey]:
    """All keys, oldest first; none when the folder does not exist. Raises AddressKeyError."""
    return sorted(map(_read, folder.glob("address-*.json")), key=lambda key: key.id)


def add_key(folder: Path, first: int) -> AddressKey:
    """A new key that signs from recipient number `first` on, durably. Raises AddressKeyError.

    Whoever mints must read the keys anew before it mints for such a number.
    """
    number = max((key.id for key in read_keys(folder)), default=0) + 1
    if number > MAX_KEY_ID:
        raise AddressKeyError(f"{folder}: there are too many keys")
    key = AddressKey(number, first, secrets.token_bytes(_SECRET_OCTETS))
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(folder, _file(folder, number), msgspec.json.encode(key))
    except OSError as error:
        raise AddressKeyError(f"{folder}: no key can be made: {error.strerror}") from error
    return key


def _file(folder: Path, number: int) -> Path:
    return folder / f"address-{number}.json"


def _read(file: Path) -> AddressKey:
    try:
        key = msgspec.json.decode(file.read_bytes(), type=AddressKey)
    except OSError as error:
        raise AddressKeyError(f"{file}: the key cannot be read: {error.strerror}") from error
    except msgspec.MsgspecError as error:
        raise AddressKeyError(f"{file}: this is no key: {error}") from error
    if file.name != f"address-{key.id}.json" or len(key.secret) < _SECRET_OCTETS:
        raise AddressKeyError(f"{file}: this is no key that belongs here")
    return key


def _write(folder: Path, file: Path, octets: bytes) -> None:
    fresh = file.with_suffix(".fresh")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    reach("address-key.before")
    try:
        os.write(descriptor, octets)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.replace(fresh, file)
    _sync(folder)
    _sync(folder.parent)
    reach("address-key.after")


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
