"""Keys of signed addresses on disk: whole or not there, for us alone, and never changed."""

from pathlib import Path

import pytest
from youtong.queue.address_keys import AddressKeyError, add_key, open_signer, read_keys
from youtong.queue.signed_address import TokenKind


def test_the_first_start_makes_a_key_and_the_next_ones_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "var" / "keys"
    verp = open_signer(folder).verp(7)
    assert open_signer(folder).verp(7) == verp
    assert [path.name for path in folder.iterdir()] == ["address-1.json"]


def test_keys_are_nobody_elses(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    open_signer(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "address-1.json").stat().st_mode & 0o777 == 0o600


def test_a_second_key_signs_from_its_number_on_and_the_first_is_still_read(tmp_path: Path) -> None:
    old = open_signer(tmp_path)
    assert add_key(tmp_path, 100).id == 2
    new = open_signer(tmp_path)
    assert new.verp(99) == old.verp(99)
    assert new.verp(100) != old.verp(100)
    assert new.number(TokenKind.UNSUBSCRIBE, old.token(TokenKind.UNSUBSCRIBE, 5)) == 5


def test_a_half_written_key_is_no_key(tmp_path: Path) -> None:
    (tmp_path / "address-1.fresh").write_text("{", encoding="ascii")
    open_signer(tmp_path)
    assert [key.id for key in read_keys(tmp_path)] == [1]


@pytest.mark.parametrize("text", ["", "{}", '{"id":1,"first":0,"secret":"AA=="}', '{"id":2,"first":0,"secret":"%s"}'])
def test_a_file_that_is_no_key_is_told_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "address-1.json").write_text(text.replace("%s", "A" * 44), encoding="ascii")
    with pytest.raises(AddressKeyError, match=r"address-1\.json"):
        open_signer(tmp_path)


def test_without_the_first_key_we_do_not_start(tmp_path: Path) -> None:
    open_signer(tmp_path)
    add_key(tmp_path, 100)
    (tmp_path / "address-1.json").unlink()
    with pytest.raises(AddressKeyError, match="the first key is missing"):
        open_signer(tmp_path)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="ascii")
    with pytest.raises(AddressKeyError, match="no key can be made"):
        open_signer(tmp_path / "file" / "keys")
