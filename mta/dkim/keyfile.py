"""Key files: writing a new private key so that it is either whole on the disk or not there.

Owns   `FOLDER/DOMAIN/SELECTOR.pem`, mode 0600 in folders of mode 0700; write, sync, link, sync the folders.
Knows  nothing of what a key is for. Never replaces a file: a published key that is overwritten is lost mail.
"""

import os
import tempfile
from pathlib import Path

from .key import SigningKey


def path_of(folder: Path, key: SigningKey) -> Path:
    """Where this key lives below `folder` (data_dir/dkim)."""
    return folder / key.domain / f"{key.selector}.pem"


def write(folder: Path, key: SigningKey) -> Path:
    """The file that now holds the key, durably. Raises FileExistsError when the name is taken, OSError otherwise."""
    file = path_of(folder, key)
    _make_private(folder)
    _make_private(file.parent)
    descriptor, temporary = tempfile.mkstemp(dir=file.parent, prefix=".new-")  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(key.pem())
            stream.flush()
            os.fsync(descriptor)
        os.link(temporary, file)  # unlike rename, this fails when the name is taken
    finally:
        os.unlink(temporary)
    _sync_folder(file.parent)
    return file


def _make_private(folder: Path) -> None:
    if folder.is_dir():
        return
    folder.mkdir(mode=0o700, parents=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
