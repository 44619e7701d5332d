#!/usr/bin/env bash
# The OpenAPI document and the schema of events, validated by foreign software, and the real server held to them.
#
#   run.sh VERITRAIL VENV EVENTS
#
# Starts VERITRAIL in a directory of its own. EVENTS is a file with an event a line, as `veritrail-load --emit-events` prints them.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
[ $# -eq 3 ] || { echo "usage: run.sh VERITRAIL VENV EVENTS" >&2; exit 2; }
absolute() { echo "$(cd "$(dirname "$1")" && pwd)/$(basename "$1")"; }
veritrail=$(absolute "$1") venv=$(absolute "$2") events=$(absolute "$3")
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
cd "$work"
export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$here" SCHEMATHESIS_HOOKS=hooks NO_COLOR=1

"$veritrail" serve --print-key --listen 127.0.0.1:0 >out.txt 2>err.txt &
server=$!
for _ in $(seq 200); do grep -q '^vtk_' out.txt && break; kill -0 $server || { cat err.txt; exit 1; }; sleep 0.05; done
VERITRAIL_URL=$(grep -o 'http://[0-9.:]*' out.txt | head -1)
VERITRAIL_KEY=$(grep '^vtk_' out.txt)
VERITRAIL_OPERATOR=$(tr -d '[:space:]' <veritrail-keys/operator.key)
export VERITRAIL_URL VERITRAIL_KEY VERITRAIL_OPERATOR

echo "== document and schemas"
"$venv/bin/python" "$here/check.py" "$root" "$events"

# A key's id is what stands between its first two underscores.
hold() { # NAME KEY EXAMPLES ARGUMENTS...
  local name=$1 key=$2 examples=$3
  shift 3
  echo "== schemathesis, with a key for $name"
  VERITRAIL_KEY_ID=$(echo "$key" | cut -d_ -f2) "$venv/bin/schemathesis" --config-file "$here/schemathesis.toml" run \
    --header "Authorization: Bearer $key" --max-examples "$examples" --no-shrink "$@" "$VERITRAIL_URL/openapi.json" \
    >schemathesis.txt 2>&1 || { cat schemathesis.txt; tail -20 err.txt; exit 1; }
  tail -12 schemathesis.txt
}
reader=$(curl -fsS -H "Authorization: Bearer $VERITRAIL_OPERATOR" "$VERITRAIL_URL/v1/keys" \
  -d '{"tenant":"default","roles":["writer","reader"],"source":"reader","owner":"Reader"}' | "$venv/bin/python" -c 'import json,sys; print(json.load(sys.stdin)["key"])')
# The stream has no end, and a rebuild takes searching away from all others: check.py asks for both.
hold "writer and auditor" "$VERITRAIL_KEY" 100 --exclude-operation-id stream_events --exclude-tag Administration
hold "writer and reader" "$reader" 25 --exclude-operation-id stream_events --phases examples,fuzzing
hold operator "$VERITRAIL_OPERATOR" 60 --include-tag Administration --include-tag Logs --exclude-operation-id rebuild_index

kill -TERM $server; wait $server || { cat err.txt; exit 1; }; server=
if grep -E '"level":"ERROR"|ERROR' err.txt; then echo "the server failed inside"; exit 1; fi
"$veritrail" verify --data veritrail-data --keys veritrail-keys | tail -1
echo "openapi: all checks passed"
