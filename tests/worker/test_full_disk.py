"""A disk that fills up in the middle of a conversation, and a data folder that cannot be written to."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.account import User
from tests.worker.test_acknowledgement import JANE, LIZZY, heard, jane_at, say, unacked
from tui_xmpp.core.commands import SendMessage
from tui_xmpp.loopback.server import LoopbackServer
from tui_xmpp.storage.archive import Archive, ArchiveError

LONG = "so very long a letter " * 150
FULL = (
    "The archive could not be written: the disk is full or failing. Free some space; nothing was acknowledged that was"
    " not kept. What is said now is shown but not kept."
)


class Disk:
    """A folder for the archive which has room for little."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open(self) -> Archive:
        return Archive.open(self.folder / "archive.sqlite")

    def free(self, archive: Archive) -> None:
        """Make room."""
        raise NotImplementedError


class SmallDisk(Disk):
    """A file system of half a megabyte, filled up."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        super().__init__(folder)
        mount = ["mount", "-t", "tmpfs", "-o", "size=640k", "tmpfs", str(folder)]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("file systems cannot be mounted here")
        stack.callback(subprocess.run, ["umount", "--lazy", str(folder)], check=True)

    def free(self, archive: Archive) -> None:
        remount = ["mount", "-o", "remount,size=8m", str(self.folder)]
        subprocess.run(remount, capture_output=True, check=True)


class Quota(Disk):
    """A database that may not grow, as where a quota holds it: SQLite says the same as of a full disk."""

    def open(self) -> Archive:
        archive = super().open()
        connection: sqlite3.Connection = archive._connection
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 20}")
        return archive

    def free(self, archive: Archive) -> None:
        archive._connection.execute("PRAGMA max_page_count = 100000")


@pytest.fixture(params=["tmpfs", "quota"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    with ExitStack() as stack:
        yield SmallDisk(tmp_path, stack) if request.param == "tmpfs" else Quota(tmp_path)


async def filled(server: LoopbackServer, user: User) -> int:
    """Let Lizzy write until the disk is full, and return the number of the message that it did not take."""
    for number in range(1, 1000):
        say(server, f"{number} {LONG}")
        await heard(user, f"{number} {LONG}")
        if FULL in user.log:
            return number
    raise AssertionError("the disk never filled up")


async def test_a_disk_that_fills_up_is_told_and_nothing_acknowledged_that_is_not_kept(disk: Disk) -> None:
    async with LoopbackServer("longbourn.lit", is_instant=True) as server:
        server.add_user("lizzy", "secret")
        archive = disk.open()
        user, client = await jane_at(server, archive)
        number = await filled(server, user)
        assert [line for line in user.log if "archive" in line] == [FULL]
        kept = {message.body for message in archive.all_messages(JANE, LIZZY)}
        assert f"{number} {LONG}" not in kept
        # The session goes on both ways; what the disk did not take stays with the server.
        say(server, "shown")
        await heard(user, "shown")
        await user.does(SendMessage(JANE, LIZZY, "sent all the same"))
        [waiting] = server.realm.account(LIZZY).waiting
        assert waiting.body() == "sent all the same"
        assert unacked(server) == [f"{number} {LONG}", "shown"]
        disk.free(archive)
        say(server, "kept")
        await heard(user, "kept")
        said = [f"{one} {LONG}" for one in range(1, number + 1)] + ["shown", "sent all the same", "kept"]
        assert [message.body for message in archive.all_messages(JANE, LIZZY)] == said
        # What comes again on the next stream is known.
        server.stream(JANE).drop()
        await user.until(lambda _: user.connection.facts.is_resumed)
        await user.settle()
        assert [message.body for message in user.messages(LIZZY)] == said
        assert [message.body for message in archive.all_messages(JANE, LIZZY)] == said
        await client.close()
    archive = disk.open()
    assert [message.body for message in archive.all_messages(JANE, LIZZY)] == said
    archive.close()


async def test_what_is_not_kept_comes_again_in_the_next_run(disk: Disk) -> None:
    async with LoopbackServer("longbourn.lit", is_instant=True) as server:
        server.add_user("lizzy", "secret")
        archive = disk.open()
        user, client = await jane_at(server, archive)
        number = await filled(server, user)
        server.stream(JANE).drop()
        await client.close()
        archive = disk.open()
        disk.free(archive)
        user, client = await jane_at(server, archive)
        await heard(user, f"{number} {LONG}")
        said = [f"{one} {LONG}" for one in range(1, number + 1)]
        assert [message.body for message in archive.all_messages(JANE, LIZZY)] == said
        await client.close()


def test_a_folder_that_cannot_be_written_to_is_told_in_a_sentence(tmp_path: Path) -> None:
    in_the_way = tmp_path / "data"
    in_the_way.write_text("a file, where a folder should be")
    with pytest.raises(ArchiveError, match=r"^The data folder .*/data cannot be used: .*\.$"):
        Archive.open(in_the_way / "archive.sqlite")
