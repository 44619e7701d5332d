#!/usr/bin/env bash
# Builds logcheck into BUILD_DIR and proves that the checkers can fail: each
# corruption of a good log must be refused, for the reason that was planted.
#
#   selftest.sh BUILD_DIR [PYTHON]
#
# PYTHON is an interpreter with python/requirements.txt installed; without it
# the Python checkers are not tested, and the last line says so.
# It needs no network, leaves only BUILD_DIR/{logcheck,go-cache} behind, and
# must never pass a case that merely failed: the words of the refusal count.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 1 ] || { echo "usage: selftest.sh BUILD_DIR [PYTHON]" >&2; exit 2; }
mkdir -p "$1"
build=$(cd "$1" && pwd)
python=${2:-}
# Not resolved further: a virtual environment's interpreter is a link that must stay one.
case $python in */*) python=$(cd "$(dirname "$python")" && pwd)/$(basename "$python") ;; esac
export GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE="${GOCACHE:-$build/go-cache}"
export PYTHONDONTWRITEBYTECODE=1
(cd "$here/go" && go vet . && go build -o "$build/logcheck" .)

work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
cd "$work"
accepted=0
refused=0

# accepts NAME EXPECTED-OUTPUT COMMAND...
accepts() {
    local name=$1 expected=$2 output
    shift 2
    output=$("$@" 2>&1) || { echo "selftest: $name: refused: $output" >&2; exit 1; }
    [[ $output == *"$expected"* ]] || { echo "selftest: $name: expected '$expected', got: $output" >&2; exit 1; }
    accepted=$((accepted + 1))
}

# refuses NAME EXPECTED-REASON COMMAND...: exit 1 exactly, with that reason
refuses() {
    local name=$1 reason=$2 output code=0
    shift 2
    output=$("$@" 2>&1) || code=$?
    [ "$code" = 1 ] || { echo "selftest: $name: expected exit 1, got $code: $output" >&2; exit 1; }
    [[ $output == *"$reason"* ]] || { echo "selftest: $name: expected '$reason', got: $output" >&2; exit 1; }
    refused=$((refused + 1))
}

# flip FILE OFFSET: inverts the lowest bit of one byte
flip() {
    local byte
    byte=$(od -An -tu1 -j "$2" -N1 "$1")
    printf "\\x$(printf %02x $((byte ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# copy: a fresh copy of the good log, in ./bad
copy() { rm -rf bad && cp -r good/log bad; }

logcheck() { "$build/logcheck" "$@"; }
check() { logcheck check --vkey good/log/vkey --dir "${1:-bad}" "${@:2}"; }
prove() { logcheck proof --vkey good/log/vkey --proof "$@"; }

logcheck make good 300 >made
origin=$(sed -n 1p good/log/checkpoint)
log=${origin##*/}

# --- the good log, and the sizes at which tiles change shape -----------------------------------
accepts "good log" "size=300 inclusions=300 consistencies=9" check good/log --checkpoints good/checkpoints --origin "$origin"
for size in 1 2 255 256 257 513; do
    logcheck make "good-$size" "$size" >made
    accepts "good log of $size" "size=$size inclusions=$size consistencies=9" logcheck check \
        --vkey "good-$size/log/vkey" --dir "good-$size/log" --checkpoints "good-$size/checkpoints"
done
copy
mkdir bad/tile/0/000.p
head -c 320 bad/tile/0/000 >bad/tile/0/000.p/10
accepts "honest tile of an older size" "inclusions=300" check
flip bad/tile/0/000.p/10 5
refuses "tile byte of an older size" "differs from the tree of the entries" check

# --- bytes ------------------------------------------------------------------------------------
copy && flip bad/tile/entries/000 30000
refuses "entry byte" "has leaf hash" check
copy && flip bad/tile/entries/001.p/44 100
refuses "entry byte in the partial bundle" "has leaf hash" check
copy && flip bad/tile/0/000 1000
refuses "tile byte" "entry 31 has leaf hash" check
copy && flip bad/tile/0/001.p/44 1000
refuses "partial tile byte" "inconsistent tile" check
logcheck make stranger 300 >made
copy && cp stranger/log/tile/0/000 bad/tile/0/000 && cp stranger/log/tile/entries/000 bad/tile/entries/000
refuses "bundle and tile of one mind" "the entries give root" check
copy && flip bad/tile/1/000.p/1 10
refuses "upper tile byte" "inconsistent tile" check

# --- bundles and tiles as files ---------------------------------------------------------------
copy && mv bad/tile/entries/000 x && mv bad/tile/entries/001.p/44 bad/tile/entries/000 && mv x bad/tile/entries/001.p/44
refuses "swapped bundles of unlike width" "ends after 44 entries" check
rm -rf bad && cp -r good-513/log bad
mv bad/tile/entries/000 x && mv bad/tile/entries/001 bad/tile/entries/000 && mv x bad/tile/entries/001
refuses "swapped bundles" "entry 0 has leaf hash" logcheck check --vkey good-513/log/vkey --dir bad
copy && truncate -s -3 bad/tile/entries/001.p/44
refuses "truncated bundle" "ends inside its entry 43" check
copy && truncate -s "-$(($(stat -c %s good/entry) + 2))" bad/tile/entries/001.p/44
refuses "bundle short of an entry" "ends after 43 entries" check
copy && printf '\0\0' >>bad/tile/entries/001.p/44
refuses "bundle with an entry more" "goes on for 2 bytes" check
copy && truncate -s -32 bad/tile/0/001.p/44
refuses "truncated tile" "expected 1408" check
copy && rm bad/tile/entries/000
refuses "missing bundle" "tile/entries/000 is missing" check
copy && rm bad/tile/1/000.p/1
refuses "missing tile" "tile/1/000.p/1 is missing" check
copy && cp bad/tile/entries/001.p/44 bad/tile/entries/002
refuses "bundle beyond the signed size" "lies beyond the signed size" check
copy && touch bad/tile/0/notes
refuses "stray file" "not a C2SP tile path" check

# --- checkpoint, signature, key ----------------------------------------------------------------
copy && cp good/forged/wrong-root bad/checkpoint
refuses "checkpoint root, signed" "do not give the root" check
copy && { sed -n 1,4p good/forged/wrong-root && tail -n 1 good/log/checkpoint; } >bad/checkpoint
refuses "checkpoint root, not signed" "invalid signature" check
copy && { sed '$d' good/log/checkpoint && tail -n 1 good/smaller-checkpoint; } >bad/checkpoint
refuses "signature of another checkpoint" "invalid signature" check
copy && flip bad/checkpoint "$(($(stat -c %s bad/checkpoint) - 20))"
refuses "signature byte" "does not open" check
copy && sed -i '$d' bad/checkpoint
refuses "no signature" "does not open" check
copy && cp good/forged/extended bad/checkpoint
refuses "extension line" "expected three lines" check
copy && cp good/forged/other-origin bad/checkpoint
refuses "origin unlike the key's name" "has origin" check
copy && cp good/forged/longer bad/checkpoint
refuses "checkpoint of a longer log" "missing" check
copy && cp good/smaller-checkpoint bad/checkpoint
refuses "cut tail" "went backwards" check bad --checkpoints good/checkpoints
refuses "wrong vkey of the same name" "no verifiable signatures" logcheck check --vkey good/forged/vkey-same-name --dir good/log
refuses "wrong vkey of another name" "no verifiable signatures" logcheck check --vkey good/forged/vkey-other-name --dir good/log
refuses "no vkey" "holds no verifier key" logcheck check --vkey good/entry --dir good/log
copy && cp good/forged/vkey-same-name bad/vkey
refuses "vkey file of another key" "not the pinned verifier key" check
refuses "unexpected origin" "expected origin" check good/log --origin "${origin}x"

# --- older checkpoints -------------------------------------------------------------------------
refuses "inconsistent older checkpoint" "is inconsistent with the final checkpoint" check good/log --checkpoints good/forged/split-checkpoints
refuses "rollback" "went backwards" check good/log --checkpoints good/forged/rolled-back-checkpoints
refuses "older checkpoints backwards" "went backwards" check good/log --checkpoints good/forged/backwards-checkpoints
refuses "no older checkpoint" "holds no checkpoint" check good/log --checkpoints good/forged/no-checkpoints
sed '3s/[0-9]\\n/&x/' good/checkpoints >x
refuses "older checkpoint not signed" "older checkpoint 3 does not open" check good/log --checkpoints x

logcheck make good-150 150 >made
older() { logcheck check --vkey good-150/log/vkey --dir good-150/log --checkpoints good-150/checkpoints --older-tiles; }
accepts "tiles of older sizes" "consistencies=9" check good/log --checkpoints good/checkpoints --older-tiles
refuses "tiles of older sizes gone" "tile/0/000.p/1 is missing" older

# --- proofs --------------------------------------------------------------------------------------
proof=good/proof.tlog-proof
accepts "proof" "index=150 size=300" prove "$proof"
accepts "proof with the entry apart" "index=150 size=300" prove "$proof" --entry good/entry
grep -v '^extra ' "$proof" >x
accepts "proof without an extra line" "index=150 size=300" prove x --entry good/entry
refuses "proof without an entry" "no extra line" prove x
cp good/entry y && flip y 20
refuses "proof of another entry" "is not at index 150" prove "$proof" --entry y
sed 's/^index 150$/index 151/' "$proof" >x
refuses "proof at another index" "is not at index 151" prove x
sed 's/^index 150$/index 300/' "$proof" >x
refuses "proof beyond the size" "is not at index 300" prove x
sed '5d' "$proof" >x
refuses "proof short of a hash" "is not at index 150" prove x
sed '5{h;G}' "$proof" >x
refuses "proof with a hash too many" "is not at index 150" prove x
sed '5{h;d};6{G}' "$proof" >x
refuses "proof with swapped hashes" "is not at index 150" prove x
sed '1s/v1/v2/' "$proof" >x
refuses "proof of another version" "the first line" prove x
{ sed '/^$/q' "$proof" && cat good/forged/wrong-root; } >x
refuses "proof to another root" "is not at index 150" prove x
cp "$proof" x && flip x "$(($(stat -c %s x) - 20))"
refuses "proof with a broken signature" "does not open" prove x
refuses "proof under another key" "does not open" logcheck proof --vkey good/forged/vkey-same-name --proof "$proof"

# --- over HTTP -----------------------------------------------------------------------------------
cp -r good/log served
logcheck_url() { logcheck check --vkey good/log/vkey --url "$url" --key "${1:-token}" --log "${2:-$log}" "${@:3}"; }
serve_as() {
    rm -f address
    "$build/logcheck" serve served token "$1" >address &
    server=$!
    for _ in $(seq 100); do [ -s address ] && break; sleep 0.05; done
    url=$(cat address)
}
serve_as "$log"
accepts "good log over HTTP" "inclusions=300 consistencies=9" logcheck_url token "$log" --checkpoints good/checkpoints
cp good/smaller-checkpoint served/checkpoint
accepts "older size from full tiles" "size=151 inclusions=151" logcheck_url
cp good/log/checkpoint served/checkpoint
refuses "wrong API key" "401" logcheck_url wrong
refuses "unknown log" "the checkpoint cannot be read: absent" logcheck_url token nothing
flip served/tile/entries/000 30000
refuses "entry byte over HTTP" "has leaf hash" logcheck_url

kill "$server"
serve_as 00112233445566778899aabbccddeeff
refuses "another log's checkpoint" "not for log 00112233" logcheck_url token 00112233445566778899aabbccddeeff
kill "$server" && server=

# --- above 20,000 entries inclusions are sampled, entries are not --------------------------------
logcheck make large 66304 >made
large() { logcheck check --vkey large/log/vkey --dir large/log; }
accepts "large log" "size=66304 inclusions=1793 " large
flip large/log/tile/1/000 3200
refuses "upper tile x/mod does not authenticate" "tile/1/000 differs from the tree of the entries" large
flip large/log/tile/1/000 3200
flip large/log/tile/entries/040 60
refuses "entry byte between the samples" "entry 10240 has leaf hash" large

# --- the Python checkers ---------------------------------------------------------------------------
if [ -z "$python" ]; then
    echo "selftest: $accepted good logs and proofs accepted, $refused bad ones refused; Python checkers NOT tested (no interpreter given)"
    exit 0
fi
root_check() { "$python" "$here/python/root_check.py" "${1:-bad}"; }
entry_check() { "$python" "$here/python/entry_check.py" "${1:-bad}"; }
jcs_check() { "$python" "$here/python/jcs_check.py" "$1"; }

# replace OLD NEW: the same number of bytes in the first bundle, once
replace() { copy && sed -i "0,/$1/s//$2/" bad/tile/entries/000 && ! cmp -s bad/tile/entries/000 good/log/tile/entries/000; }

accepts "root" "size=300" root_check good/log
copy && flip bad/tile/entries/000 30000
refuses "root: entry byte" "its hash is not the one in tile" root_check
copy && flip bad/tile/0/001.p/44 1000
refuses "root: tile byte" "entry 287: its hash" root_check
copy && cp good/forged/wrong-root bad/checkpoint
refuses "root: checkpoint root" "the entries give root" root_check
copy && truncate -s -3 bad/tile/entries/001.p/44
refuses "root: truncated bundle" "ends inside" root_check
copy && printf '\0\0' >>bad/tile/entries/001.p/44
refuses "root: bundle with an entry more" "2 bytes after 44 entries" root_check
copy && rm bad/tile/0/000
refuses "root: missing tile" "tile/0/000" root_check

accepts "entries" "entries=300" entry_check good/log
accepts "entries of one" "entries=1" entry_check good-1/log
replace '"seq":"7"' '"seq":"8"'
refuses "entries: seq" "entry 7: seq is '8'" entry_check
replace '"id":"evt_7"' '"zd":"evt_7"'
refuses "entries: order of members" "entry 7: the bytes are not their RFC 8785 form" entry_check
replace '"id":"evt_7"' '"id": "evt7"'
refuses "entries: white space" "entry 7: the bytes are not their RFC 8785 form" entry_check
replace '"id":"evt_7"' '"ie":"evt_7"'
refuses "entries: unknown member" "entry 7: members outside the schema: ie" entry_check
replace '"id":"evt_7",' '"id":12345 , '
refuses "entries: JSON number" "entry 7: the JSON number 12345" entry_check
replace '"id":"evt_7","log"' '"id":"evt_7","id" '
refuses "entries: member twice" "entry 7: a member is named twice" entry_check
replace 'entry\/1' 'entry\/2'
refuses "entries: version" "entry 1: v is 'veritrail/entry/2'" entry_check
replace 'veritrail\/log\/1' 'veritrail\/log\/2'
refuses "entries: version of entry 0" "entry 0: v is 'veritrail/log/2'" entry_check
replace 'evt_9","log":"....' 'evt_9","log":"zzzz'
refuses "entries: log" "entry 9: log is 'zzzz" entry_check
replace '07.000050Z' '07.000000Z'
refuses "entries: time backwards" "entry 100: recorded_at 2026-03-12T14:32:07.000000Z is before" entry_check
replace '07.000050Z' '07,000050Z'
refuses "entries: time out of shape" "entry 100: recorded_at is" entry_check
copy && cp good/forged/vkey-same-name bad/vkey
refuses "entries: vkey" "entry 0: vkey is" entry_check
copy && sed -i '1s/invalid/example/' bad/checkpoint
refuses "entries: origin" "entry 0: origin is" entry_check

printf '%s\n' '{"input":"{\"b\":1.50,\"a\":\"\\u20ac\"}","hex":"7b2261223a22e282ac222c2262223a312e357d"}' >lines
accepts "canonical JSON" "canonical=1" jcs_check lines
sed 's/7d"}$/7e"}/' lines >x
refuses "canonical JSON: another byte" "line 1: rfc8785 gives" jcs_check x
{ cat lines && echo; } >x
refuses "canonical JSON: blank line" "line 2" jcs_check x
echo '{"input":"9007199254740993","hex":"39303037313939323534373430393933"}' >x
refuses "canonical JSON: integer beyond 2^53" "IntegerDomainError" jcs_check x
: >x
refuses "canonical JSON: no line" "no line to compare" jcs_check x

echo "selftest: $accepted good logs, proofs and files accepted, $refused bad ones refused"
