#!/usr/bin/env bash
# Our real server, exports and proofs, checked by software nobody here wrote.
#
#   run.sh VERITRAIL LOGCHECK PYTHON
#
# Starts VERITRAIL in a directory of its own, feeds it while keeping every checkpoint, then has Go's sumdb packages,
# pymerkle and rfc8785 check the log over HTTP and as exported, every proof, and that changed bytes are refused.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
[ $# -eq 3 ] || { echo "usage: run.sh VERITRAIL LOGCHECK PYTHON" >&2; exit 2; }
absolute() { echo "$(cd "$(dirname "$1")" && pwd)/$(basename "$1")"; }
veritrail=$(absolute "$1") logcheck=$(absolute "$2") python=$(absolute "$3")
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
cd "$work"
export PYTHONDONTWRITEBYTECODE=1

"$veritrail" serve --print-key --listen 127.0.0.1:0 >out.txt 2>err.txt &
server=$!
for _ in $(seq 200); do grep -q '^vtk_' out.txt && break; kill -0 $server || { cat err.txt; exit 1; }; sleep 0.05; done
VERITRAIL_URL=$(grep -o 'http://[0-9.:]*' out.txt | head -1)
VERITRAIL_KEY=$(grep '^vtk_' out.txt)
export VERITRAIL_URL VERITRAIL_KEY
log=$("$veritrail" log list --json | "$python" -c \
  'import json,sys; print([l["id"] for l in json.load(sys.stdin)["logs"] if l["kind"] == "main"][0])')
curl -fsS -H "Authorization: Bearer $VERITRAIL_KEY" "$VERITRAIL_URL/v1/logs/$log/vkey" >vkey

echo "== feeding"
"$python" "$here/python/feed.py" "$VERITRAIL_URL" "$VERITRAIL_KEY" "$log" checkpoints.jsonl 3000

echo "== Go, over HTTP: checkpoint, tiles, every inclusion, consistency between all checkpoints"
"$logcheck" check --vkey vkey --url "$VERITRAIL_URL" --key "$VERITRAIL_KEY" --log "$log" \
  --checkpoints checkpoints.jsonl --older-tiles

echo "== Go and Python, from log export"
"$veritrail" log export exported >/dev/null
count=0
for directory in exported/*/; do
  "$logcheck" check --vkey "$directory/vkey" --dir "$directory"
  "$python" "$here/python/root_check.py" "$directory"
  "$python" "$here/python/entry_check.py" "$directory"
  count=$((count + 1))
done
[ "$count" -ge 2 ] || { echo "only $count logs exported"; exit 1; }
"$logcheck" check --vkey vkey --dir "exported/$log" --checkpoints checkpoints.jsonl

echo "== Go: .tlog-proof files"
for number in 0 1 255 256 1500 2999; do
  "$veritrail" prove --id "evt_interop_$number" -o "proof-$number.tlog-proof" 2>/dev/null
  "$logcheck" proof --vkey vkey --proof "proof-$number.tlog-proof"
done

echo "== Python: exports, by the script of the guide"
check="$root/docs/guide/check_export.py"
[ "$(wc -l <"$check")" -le 60 ] || { echo "the script has become too long to be read"; exit 1; }
"$veritrail" export -o all.ndjson 2>/dev/null
"$veritrail" export -o all.csv --format csv --zone Europe/Berlin 2>/dev/null
"$veritrail" export -o part.ndjson --from-seq 101 --to-seq 2345 2>/dev/null
"$veritrail" export -o some.ndjson 'operation:deployment.*' 2>/dev/null
"$veritrail" export -o some.csv --format csv 'operation:deployment.*' 2>/dev/null
for file in all.ndjson all.csv part.ndjson some.ndjson some.csv; do "$python" "$check" "$file" vkey; done

echo "== changed bytes are refused"
refuse() { if "$@" >refused.txt 2>&1; then echo "accepted: $*"; exit 1; else [ $? -eq 1 ] || { cat refused.txt; exit 1; }; fi; }
flip() { "$python" -c 'import sys; p,at=sys.argv[1],int(sys.argv[2]); b=bytearray(open(p,"rb").read()); b[at]^=1; open(p,"wb").write(b)' "$1" "$2"; }
flip "exported/$log/tile/entries/003" 5000
refuse "$logcheck" check --vkey vkey --dir "exported/$log"
refuse "$python" "$here/python/root_check.py" "exported/$log"
flip "exported/$log/tile/entries/003" 5000
flip "exported/$log/checkpoint" 60
refuse "$logcheck" check --vkey vkey --dir "exported/$log"
sed -i 's/^index 1501$/index 1502/' proof-1500.tlog-proof
refuse "$logcheck" proof --vkey vkey --proof proof-1500.tlog-proof

spoil() { # FILE WORDS SED-SCRIPT: a change of one row is refused by the script and by ours, for the same row
  cp "$1.manifest" spoilt.manifest
  sed "$3" "$1" >spoilt
  ! cmp -s "$1" spoilt || { echo "unchanged: $3"; exit 1; }
  refuse "$python" "$check" spoilt vkey
  grep -q "$2" refused.txt || { echo "not '$2':"; cat refused.txt; exit 1; }
  refuse "$veritrail" verify-export spoilt --vkey vkey
  grep -q "${2%%:*}" refused.txt || { echo "not '${2%%:*}':"; cat refused.txt; exit 1; }
}
spoil all.ndjson "row 500: its entry" '500s/"entry":"{/"entry":"{ /'
spoil all.ndjson "row 500: its details part" '500s/\(\\"details\\",{\)/\1 /'
spoil all.ndjson "row 500: it is not the row" 500d
spoil all.ndjson "row 501: it is not the row" 500p
spoil all.ndjson "row 500: it is not the row" '500{h;d};501G'
spoil all.ndjson "row 500: the hash chain" '500s/"chain":"..../"chain":"0000/'
spoil part.ndjson "row 500: its entry" '500s/"entry":"{/"entry":"{ /'
spoil some.ndjson "row 50: its proof" '50s/"proof":\["[^"]*",/"proof":[/'
spoil some.ndjson "row 50: it is not the row" 50d
spoil all.csv "row 499: the hash chain" '500s/,[0-9a-f]*,\([0-9a-f]*\)\r$/,'"$(printf '0%.0s' $(seq 64))"',\1\r/'
spoil all.ndjson "the file is not the one" '500s/"person":".*","details"/"person":null,"details"/'
cp all.ndjson spoilt
sed 's/"owner": "/"owner": "x/' all.ndjson.manifest >spoilt.manifest
refuse "$python" "$check" spoilt vkey
grep -qx "tampered: the manifest's signature by the pinned key does not hold" refused.txt || { cat refused.txt; exit 1; }
refuse "$veritrail" verify-export spoilt --vkey vkey
sed '500s/"entry":"{/"entry":"{ /' all.ndjson >spoilt
refuse "$python" "$check" spoilt vkey
grep -q "^tampered: row 500: its entry .*; the manifest's signature" refused.txt || { cat refused.txt; exit 1; }
for script in '500s/.*/[/' '500s/"leaf_hash"/"x"/' '500s/.*/7/' 500q; do
  sed "$script" all.ndjson >spoilt
  refuse "$python" "$check" spoilt vkey
  [ "$(wc -l <refused.txt)" -eq 1 ] && grep -q ^tampered: refused.txt || { cat refused.txt; exit 1; }
done

echo "== rfc8785: canonical bytes over a generated corpus"
(cd "$root" && "${CARGO:-cargo}" run --quiet --locked --package veritrail-ledger --example jcs_corpus) >corpus.jsonl
"$python" "$here/python/jcs_check.py" corpus.jsonl

kill -TERM $server; wait $server || { cat err.txt; exit 1; }; server=
"$veritrail" verify --data veritrail-data --keys veritrail-keys | tail -1
echo "interop: all checks passed"
