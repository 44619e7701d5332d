#!/usr/bin/env bash
# Runs a command while no core falls asleep: awake.sh COMMAND...
#
# A virtual machine may take milliseconds to wake an idle core for a disk that answered after 0.2. Whoever syncs from a
# single thread would be measured by that, and whoever has a second busy thread would not. One loop a core at SCHED_IDLE
# runs only when nothing else would; all sides are measured under it. The loops end with the command, whatever happens.
set -euo pipefail

[ $# -ge 1 ] || { echo "usage: awake.sh COMMAND..." >&2; exit 2; }
loops=()
trap '[ ${#loops[@]} = 0 ] || kill "${loops[@]}" 2>/dev/null' EXIT
for _ in $(seq "$(nproc)"); do
    chrt --idle 0 bash -c 'while kill -0 "$1" 2>/dev/null; do for ((i = 0; i < 500000; i++)); do :; done; done' loop $$ &
    loops+=($!)
done
"$@"
