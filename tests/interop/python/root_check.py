"""Recomputes a log's root and leaf hashes from its entries, with pymerkle and hashlib.

Promises that "verified" means: the entries' RFC 6962 root is the checkpoint's,
and every level-0 tile is the leaf hashes of its bundle, byte for byte.
It reads no signature; logcheck does.
"""

import hashlib
import sys

import pymerkle

from exported_log import BUNDLE_ENTRIES, Broken, main


def check_root(log):
    """Answers one line, or raises `Broken` at the first difference."""
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for number, entries in log.bundles():
        leaves = b"".join(hashlib.sha256(b"\x00" + entry).digest() for entry in entries)
        tile = log.leaf_tile(number, len(entries))
        if tile != leaves:
            offset = next(i for i in range(len(entries)) if tile[i * 32 :][:32] != leaves[i * 32 :][:32])
            raise Broken(f"entry {number * BUNDLE_ENTRIES + offset}: its hash is not the one in tile 0/{number}")
        for entry in entries:
            tree.append_entry(entry)
    # The library's tree, asked for its size, guards against entries it merged or dropped.
    if tree.get_size() != log.size:
        raise Broken(f"pymerkle holds {tree.get_size()} entries, the checkpoint says {log.size}")
    root = tree.get_root() if log.size else hashlib.sha256(b"").digest()
    if root != log.root:
        raise Broken(f"the entries give root {root.hex()}, the checkpoint says {log.root.hex()}")
    return f"verified log={log.origin} size={log.size} root={root.hex()}"


if __name__ == "__main__":
    main(check_root, sys.argv)
