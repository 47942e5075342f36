"""Reading files: what comes out of which bytes, and what is said about those that cannot be read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipesense.engine.files import Unreadable
from pipesense.host.disk import DiskFiles, read_file

TEXTS = [
    ("plain ASCII", "a.sql", b"select 1", "select 1"),
    ("nothing", "a.sql", b"", ""),
    ("line breaks stay as they are", "a.sql", b"a\r\nb\rc\n", "a\r\nb\rc\n"),
    ("UTF-8", "a.sql", "sélect 'é😀'".encode(), "sélect 'é😀'"),
    ("a UTF-8 mark is no text", "a.sql", b"\xef\xbb\xbfselect 1", "select 1"),
    ("UTF-16, as some database tools save it", "a.sql", "select 'é'".encode("utf-16"), "select 'é'"),
    ("UTF-16, big end first", "a.sql", b"\xfe\xff" + "é".encode("utf-16-be"), "é"),
    (
        "a Python file that says Latin-1",
        "a.py",
        b"# -*- coding: latin-1 -*-\nx = '\xe9'",
        "# -*- coding: latin-1 -*-\nx = 'é'",
    ),
    ("on the second line", "a.py", b"#!/bin/python\n# coding=cp1252\n'\x80'", "#!/bin/python\n# coding=cp1252\n'€'"),
    ("not behind code", "a.py", b"x = 1\n# coding: latin-1\n", "x = 1\n# coding: latin-1\n"),
    ("says UTF-8", "a.py", "# coding: utf-8\n'é'".encode(), "# coding: utf-8\n'é'"),
]

REFUSED = [
    ("a NUL byte", "a.py", b"x\0y", "it is a binary file (it holds a NUL byte)"),
    (
        "Latin-1",
        "a.sql",
        b"-- one\n-- caf\xe9\n",
        "it is not UTF-8 text (byte 0xe9 in line 2), perhaps Latin-1 or Windows-1252; save it as UTF-8",
    ),
    (
        "a comment in SQL declares nothing",
        "a.sql",
        b"# coding: latin-1\n\xe9",
        "it is not UTF-8 text (byte 0xe9 in line 2)",
    ),
    ("an encoding that is none", "a.py", b"# coding: klingon\n", "its coding comment names 'klingon'"),
    ("a codec that gives no text", "a.py", b"# coding: hex\n6162", "its coding comment names 'hex'"),
    ("half a UTF-16 character", "a.sql", b"\xff\xfea\x00b", "it is not UTF-16-LE text"),
    ("a lone surrogate", "a.py", b"'\xed\xa0\x80'", "it is not UTF-8 text"),
]


@pytest.mark.parametrize(("name", "data", "text"), [row[1:] for row in TEXTS], ids=[row[0] for row in TEXTS])
def test_text_of(tmp_path: Path, name: str, data: bytes, text: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    file = read_file(str(path))
    assert file.text == text
    assert file.encoded.encode(file.text) == data


@pytest.mark.parametrize(("name", "data", "reason"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refused(tmp_path: Path, name: str, data: bytes, reason: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(Unreadable) as refused:
        DiskFiles().read(str(path))
    assert refused.value.path == str(path)
    assert refused.value.reason.startswith(reason)


def reason_for(path: Path | str, limit: int = 10_000_000) -> str:
    with pytest.raises(Unreadable) as refused:
        DiskFiles(limit).read(str(path))
    return refused.value.reason


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    assert reason_for(tmp_path / "gone.py") == "there is no such file"
    assert reason_for(tmp_path / "gone.py" / "below.py") == "there is no such file"


def test_a_folder(tmp_path: Path) -> None:
    assert reason_for(tmp_path) == "it is a folder"
    assert not DiskFiles().exists(str(tmp_path))


def test_a_large_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "dump.sql"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    assert reason_for(path) == "it has 50.0 MB; files above 10 MB are not read"


def test_a_circle_of_links(tmp_path: Path) -> None:
    (tmp_path / "a.py").symlink_to("b.py")
    (tmp_path / "b.py").symlink_to("a.py")
    assert reason_for(tmp_path / "a.py") == "its symbolic links lead in a circle"
    assert not DiskFiles().exists(str(tmp_path / "a.py"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    assert reason_for(tmp_path / "pipe.py") == "it is no regular file but a device, pipe or socket"


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.py"
    path.write_text("x")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    assert reason_for(path) == "reading it is not permitted"


def test_a_name_with_a_nul_character() -> None:
    assert reason_for("/tmp/a\0b") == "its name holds a NUL character"
    assert not DiskFiles().exists("/tmp/a\0b")
