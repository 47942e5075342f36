"""Writing: all or nothing, and never over somebody else's change."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from pipesense.host import write
from pipesense.host.disk import read_file
from pipesense.host.write import WriteRefused, create, replace_text


def test_a_file_keeps_its_mark_its_line_breaks_and_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "a.sql"
    path.write_bytes(b"\xef\xbb\xbfselect 1\r\n")
    path.chmod(0o640)
    file = read_file(str(path))
    replace_text(file, file.text.replace("1", "é"))
    assert path.read_bytes() == b"\xef\xbb\xbfselect \xc3\xa9\r\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["a.sql"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.sql").write_text("old")
    (tmp_path / "a.sql").symlink_to("real/a.sql")
    replace_text(read_file(str(tmp_path / "a.sql")), "new")
    assert (tmp_path / "a.sql").is_symlink()
    assert (tmp_path / "real" / "a.sql").read_text() == "new"


def test_a_file_that_changed_since_it_was_read_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.sql"
    path.write_text("old")
    file = read_file(str(path))
    path.write_text("somebody else's")
    with pytest.raises(WriteRefused, match="it changed on disk since it was read"):
        replace_text(file, "new")
    assert path.read_text() == "somebody else's"
    assert os.listdir(tmp_path) == ["a.sql"]


def test_a_file_that_vanished_is_not_made_again(tmp_path: Path) -> None:
    path = tmp_path / "a.sql"
    path.write_text("old")
    file = read_file(str(path))
    path.unlink()
    with pytest.raises(WriteRefused, match="it cannot be read any more: there is no such file"):
        replace_text(file, "new")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failure_on_the_way_leaves_the_old_file_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "a.sql"
    path.write_text("old")
    file = read_file(str(path))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(write.os, step, full)
    with pytest.raises(WriteRefused, match="No space left on device"):
        replace_text(file, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.sql"]


def test_a_character_that_the_encoding_lacks(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"# coding: latin-1\n")
    with pytest.raises(WriteRefused, match="its encoding latin-1 cannot hold the character '€'"):
        replace_text(read_file(str(path)), "# coding: latin-1\n'€'\n")
    assert path.read_bytes() == b"# coding: latin-1\n"


def test_create_makes_folders_and_never_overwrites(tmp_path: Path) -> None:
    path = tmp_path / "tests" / "dags" / "test_dags.py"
    create(str(path), "é\n")
    assert path.read_bytes() == "é\n".encode()
    with pytest.raises(WriteRefused, match="there is a file of that name already"):
        create(str(path), "other")
    assert path.read_bytes() == "é\n".encode()
    assert os.listdir(path.parent) == ["test_dags.py"]
