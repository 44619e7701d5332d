"""A log directory as `veritrail log export` writes it, read by the C2SP documents alone.

Promises that every byte of a bundle belongs to an entry and that exactly the
checkpoint's number of entries is answered; everything else raises `Broken`.
It checks no signature (logcheck does) and must never import the project.
"""

import base64
import pathlib
import re

BUNDLE_ENTRIES = 256


class Broken(Exception):
    """The log is not what it claims to be; the text says where."""


class ExportedLog:
    """The directory, opened at the size of its checkpoint."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        note = self._read("checkpoint").decode("utf-8")
        lines = note.split("\n\n")[0].split("\n")
        if len(lines) != 3 or not re.fullmatch(r"0|[1-9][0-9]*", lines[1]):
            raise Broken("checkpoint: not an origin, a size and a root")
        self.origin = lines[0]
        self.size = int(lines[1])
        self.root = base64.b64decode(lines[2], validate=True)
        if len(self.root) != 32:
            raise Broken("checkpoint: the root is not 32 bytes")

    def vkey(self):
        """The verifier key lying beside the checkpoint, or None."""
        path = self.directory / "vkey"
        return path.read_text("utf-8").strip() if path.exists() else None

    def bundles(self):
        """Yields (number, entries) for each bundle of the signed size."""
        for first in range(0, self.size, BUNDLE_ENTRIES):
            number = first // BUNDLE_ENTRIES
            width = min(BUNDLE_ENTRIES, self.size - first)
            path, content, held = self._fetch("entries", number, width)
            yield number, split_bundle(path, content, held)[:width]

    def entries(self):
        """Yields (index, bytes) for each entry."""
        for number, entries in self.bundles():
            yield from enumerate(entries, number * BUNDLE_ENTRIES)

    def leaf_tile(self, number, width):
        """The first `width` leaf hashes of a level-0 tile, as bytes."""
        path, content, held = self._fetch("0", number, width)
        if len(content) != held * 32:
            raise Broken(f"{path}: {len(content)} bytes, expected {held * 32}")
        return content[: width * 32]

    def _fetch(self, level, number, width):
        """The partial file or, where only the full one is kept, that."""
        full = f"tile/{level}/{tile_number(number)}"
        partial = full if width == BUNDLE_ENTRIES else f"{full}.p/{width}"
        if (self.directory / partial).exists():
            return partial, self._read(partial), width
        return full, self._read(full), BUNDLE_ENTRIES

    def _read(self, path):
        try:
            return (self.directory / path).read_bytes()
        except OSError as error:
            raise Broken(f"{path}: {error.strerror}") from error


def tile_number(number):
    """C2SP tlog-tiles: 1234067 is x001/x234/067."""
    text = f"{number % 1000:03}"
    while number >= 1000:
        number //= 1000
        text = f"x{number % 1000:03}/{text}"
    return text


def split_bundle(path, content, count):
    """Takes exactly `count` length-prefixed entries out of a bundle."""
    entries, offset = [], 0
    for index in range(count):
        if offset + 2 > len(content):
            raise Broken(f"{path}: ends after {index} entries, expected {count}")
        length = int.from_bytes(content[offset : offset + 2], "big")
        offset += 2
        if offset + length > len(content):
            raise Broken(f"{path}: ends inside its entry {index}")
        entries.append(content[offset : offset + length])
        offset += length
    if offset != len(content):
        raise Broken(f"{path}: {len(content) - offset} bytes after {count} entries")
    return entries


def main(check, arguments):
    """Runs `check(ExportedLog)`: prints its answer, or exits 1 naming what broke."""
    if len(arguments) != 2:
        raise SystemExit(f"usage: {arguments[0]} EXPORTED_LOG_DIR")
    try:
        print(check(ExportedLog(arguments[1])))
    except (Broken, ValueError) as error:
        raise SystemExit(f"{pathlib.Path(arguments[0]).name}: {error}") from error
