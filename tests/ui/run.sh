#!/usr/bin/env bash
# The pages in a real browser: every suite in this directory, one after the other.
#
#   run.sh VERITRAIL VENV [SUITE...]
#
# VERITRAIL is the program, VENV holds oidc-provider-mock (requirements.txt), SUITE a name without `.test.mjs`. Screenshots go to
# target/screens.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 2 ] || { echo "usage: run.sh VERITRAIL VENV [SUITE...]" >&2; exit 2; }
absolute() { echo "$(cd "$(dirname "$1")" && pwd)/$(basename "$1")"; }
VERITRAIL_BIN=$(absolute "$1") VERITRAIL_OIDC_MOCK=$(absolute "$2")/bin/oidc-provider-mock
export VERITRAIL_BIN VERITRAIL_OIDC_MOCK PYTHONDONTWRITEBYTECODE=1
shift 2
cd "$here"
[ $# -gt 0 ] || set -- $(ls *.test.mjs | sed 's/\.test\.mjs$//')

failed=
for suite in "$@"; do
  echo "== $suite"
  timeout 900 node --test --test-reporter=spec "$suite.test.mjs" || failed="$failed $suite"
done
[ -z "$failed" ] || { echo "ui: failed:$failed"; exit 1; }
echo "ui: all checks passed"
