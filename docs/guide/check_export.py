#!/usr/bin/env python3
"""Checks an export without Veritrail: check_export.py FILE VKEY, with FILE.manifest beside it. Needs Python 3 and PyPI `cryptography`.
Exits 0 and says what is proved, or 1 and says which row is wrong. VKEY is that log's verifier key, kept since before."""
import base64, csv, hashlib, json, re, sys
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
sha = lambda *parts: hashlib.sha256(b"".join(parts)).digest()
b64url = lambda data: base64.urlsafe_b64encode(data).rstrip(b"=")
hashes = lambda texts: [base64.b64decode(text) for text in texts]
number, hashed, doubts, tree = 0, hashlib.sha256(), [], []  # tree: perfect subtrees, widest first, as (level, hash)
def must(holds, what): holds or sys.exit("tampered: " + "; ".join([f"row {number}: {what}" if number else what] + doubts))
sys.excepthook = lambda kind, error, _: (sys.exit(f"not checked: {error}") if isinstance(error, OSError)
    else must(False, f"it can't be read as what it should be ({kind.__name__}: {error})"))
def opened(note, what):  # the text of a C2SP signed note; a doubt if the pinned key did not sign it
    text, signatures = re.fullmatch("(.*\n)\n(.+)", note, re.DOTALL).groups()
    try:
        found = [hashes([line.split(" ")[2]])[0] for line in signatures.splitlines() if line.split(" ")[1] == name]
        Ed25519PublicKey.from_public_bytes(hashes([key])[0][1:]).verify(next(sign[4:] for sign in found if sign[:4].hex() == key_id), text.encode())
    except Exception: doubts.append(f"the {what}'s signature by the pinned key does not hold")
    return text
def push(level, node):  # RFC 6962: two subtrees of a level make one of the next
    while tree and tree[-1][0] == level: node, level = sha(b"\1", tree.pop()[1], node), level + 1
    tree.append((level, node))
def root_of(seq, last, node, proof):  # RFC 9162, section 2.1.3.2
    for step in proof:
        right = seq & 1 or seq == last
        while right and not seq & 1 and seq: seq, last = seq >> 1, last >> 1
        node, seq, last = sha(b"\1", step, node) if right else sha(b"\1", node, step), seq >> 1, last >> 1
    return node if last == 0 else None
if len(sys.argv) != 3: sys.exit("usage: check_export.py FILE VKEY")
file, (name, key_id, key) = sys.argv[1], open(sys.argv[2]).read().strip().split("+", 2)
heading, text = opened(open(file + ".manifest", encoding="utf-8").read(), "manifest").split("\n", 1)
must(heading == "veritrail/export/1", "this is no manifest of an export"); manifest = json.loads(text)
origin, size, root = opened(manifest["checkpoint"], "checkpoint").split("\n")[:3]
must(origin == name == manifest["origin"], "checkpoint, manifest and key are not of one log")
size, root, chain, whole = int(size), hashes([root])[0], bytes(32), manifest["kind"] == "whole"
first, last, table = manifest.get("first", 0), manifest.get("last", -1), manifest["format"] == "csv"
if whole: tree = list(zip((level for level in range(62, -1, -1) if first >> level & 1), hashes(manifest["left"])))
lines = (hashed.update(line) or line for line in open(file, "rb"))
for number, row in enumerate(csv.DictReader(line.decode("utf-8", "replace") for line in lines) if table else lines, 1):
    row = row if table else json.loads(row); seq, leaf = int(row["seq"]), bytes.fromhex(row["leaf_hash"])
    must(seq == first + number - 1 if whole else int(row["row"]) == number, "it is not the row that should stand here")
    if not table:
        must(sha(b"\0", row["entry"].encode()) == leaf, "its entry is not the one that its leaf hash is of")
        entry = json.loads(row["entry"])
        must(entry["seq"] == str(seq) and entry["log"] == manifest["log"], "its entry stands elsewhere")
        for label, digest in {"person": None, "details": None, **entry.get("parts", {})}.items():
            must((label in row) == (digest is not None), f"its {label} part is missing, or one too many")
            must(not row.get(label) or b64url(sha(b64url(row[label].encode()))).decode() == digest, f"its {label} part is another")
        must(whole or root_of(seq, size - 1, leaf, hashes(row["proof"])) == root, "its proof does not lead to the root")
    must("chain" not in row or row["chain"] == (chain := sha(chain, leaf)).hex(), "the hash chain breaks"); whole and push(0, leaf)
count, number, end = number, 0, last + 1
must(count == manifest["count"] and (not whole or count == end - first), f"{count} rows, the manifest says {manifest['count']}")
for node in hashes(manifest["right"] if whole else []):
    push(level := min((end & -end).bit_length(), (size - end).bit_length()) - 1, node); end += 1 << level
node = tree.pop()[1] if tree else b""
while tree: node = sha(b"\1", tree.pop()[1], node)  # the right edge is folded from the right
must(not whole or (end, node) == (size, root), "the rows do not lead to the root of the checkpoint")
must(hashed.hexdigest() == manifest["sha256"], "the file is not the one that was signed")
if doubts: sys.exit("tampered: " + "; ".join(doubts))
print(f"verified: {count} rows; these are", f"all, seq {first} to {last}" if whole else "as signed" if table else "genuine, but perhaps not all")
