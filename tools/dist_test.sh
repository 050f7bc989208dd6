#!/usr/bin/env bash
# Test on several processes: tools/dist_test.sh CONFIG CHECKPOINT PROCESSES [arguments of tools/test.py]
# Several nodes: set NNODES, NODE_RANK, MASTER_ADDR and PORT on each. On one node a free port is found.
set -euo pipefail
exec bash "$(dirname "$0")/dist_run.sh" test.py "$1" "$3" "$2" "${@:4}"
