#!/usr/bin/env python3
"""Checks an export without Veritrail: check_export.py FILE VKEY, with FILE.manifest beside it. Needs PyPI `cryptography`.
Exits 0 and says what is proved, or 1 and says which row is wrong. VKEY is the log's verifier key, kept since before."""
import base64, csv, hashlib, json, sys
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
sha = lambda *parts: hashlib.sha256(b"".join(parts)).digest()
b64url = lambda data: base64.urlsafe_b64encode(data).rstrip(b"=")
hashes = lambda texts: [base64.b64decode(text) for text in texts]
number, tree = 0, []  # the row that is looked at; perfect subtrees, widest first, as (level, hash)
def must(holds, what):
    if not holds: sys.exit(f"tampered: row {number}: {what}" if number else f"tampered: {what}")
def opened(note, vkey):  # the text of a C2SP signed note, if the pinned key signed it
    (name, key_id, key), (text, signatures) = vkey.split("+", 2), note.rsplit("\n\n", 1)
    for _, signer, signature in (line.split(" ") for line in signatures.splitlines()):
        if signer == name and hashes([signature])[0][:4].hex() == key_id:
            public_key = Ed25519PublicKey.from_public_bytes(hashes([key])[0][1:])
            public_key.verify(hashes([signature])[0][4:], (text + "\n").encode())  # raises InvalidSignature
            return text + "\n"
    sys.exit("tampered: not signed by the pinned key")
def push(level, node):  # RFC 6962: two subtrees of a level make one of the next
    while tree and tree[-1][0] == level: node, level = sha(b"\1", tree.pop()[1], node), level + 1
    tree.append((level, node))
def root_of(seq, last, node, proof):  # RFC 9162, section 2.1.3.2
    for step in proof:
        right = seq & 1 or seq == last
        while right and not seq & 1 and seq: seq, last = seq >> 1, last >> 1
        node, seq, last = sha(b"\1", step, node) if right else sha(b"\1", node, step), seq >> 1, last >> 1
    return node if last == 0 else None
file, vkey = sys.argv[1], open(sys.argv[2]).read().strip()
heading, text = opened(open(file + ".manifest", encoding="utf-8").read(), vkey).split("\n", 1)
must(heading == "veritrail/export/1", "this is no manifest of an export"); manifest = json.loads(text)
origin, size, root = opened(manifest["checkpoint"], vkey).split("\n")[:3]
must(origin == vkey.split("+")[0] == manifest["origin"], "checkpoint, manifest and key are not of one log")
size, root, whole, chain = int(size), hashes([root])[0], manifest["kind"] == "whole", bytes(32)
first, last = manifest.get("first", 0), manifest.get("last", -1)
if whole: tree = list(zip((level for level in range(62, -1, -1) if first >> level & 1), hashes(manifest["left"])))
rows = csv.DictReader(open(file, newline="", encoding="utf-8")) if manifest["format"] == "csv" else map(json.loads, open(file, "rb"))
for number, row in enumerate(rows, 1):
    seq, leaf = int(row["seq"]), bytes.fromhex(row["leaf_hash"])
    must(seq == first + number - 1 if whole else int(row["row"]) == number, "it is not the row that should stand here")
    if "entry" in row:
        entry = json.loads(row["entry"])
        must(sha(b"\0", row["entry"].encode()) == leaf, "its entry is not the one that its leaf hash is of")
        must(entry["seq"] == str(seq) and entry["log"] == manifest["log"], "its entry stands elsewhere")
        for label, digest in {"person": None, "details": None, **entry.get("parts", {})}.items():
            must((label in row) == (digest is not None), f"its {label} part is missing, or one too many")
            must(not row.get(label) or b64url(sha(b64url(row[label].encode()))).decode() == digest, f"its {label} part is another")
        must(whole or root_of(seq, size - 1, leaf, hashes(row["proof"])) == root, "its proof does not lead to the root")
    if "chain" in row: chain = sha(chain, leaf); must(row["chain"] == chain.hex(), "the hash chain breaks")
    if whole: push(0, leaf)
count, number, end = number, 0, last + 1
must(count == manifest["count"] and (not whole or count == end - first), f"{count} rows, the manifest says {manifest['count']}")
for node in hashes(manifest["right"] if whole else []):
    push(level := min((end & -end).bit_length(), (size - end).bit_length()) - 1, node); end += 1 << level
node = tree.pop()[1] if tree else b""
while tree: node = sha(b"\1", tree.pop()[1], node)  # the right edge is folded from the right
must(not whole or (end, node) == (size, root), "the rows do not lead to the root of the checkpoint")
must(hashlib.file_digest(open(file, "rb"), "sha256").hexdigest() == manifest["sha256"], "the file is not the one that was signed")
proved = f"all, seq {first} to {last}" if whole else "genuine, but perhaps not all" if manifest["format"] == "ndjson" else "as signed"
print(f"verified: {count} rows; these are {proved}")
