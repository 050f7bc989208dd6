#!/usr/bin/env bash
# Train on several processes: tools/dist_train.sh CONFIG PROCESSES [arguments of tools/train.py]
# Several nodes: set NNODES, NODE_RANK, MASTER_ADDR and PORT on each. On one node a free port is found.
set -euo pipefail
exec bash "$(dirname "$0")/dist_run.sh" train.py "$1" "$2" "${@:3}"
