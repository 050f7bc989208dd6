#!/usr/bin/env bash
# Set up and run the tests: tools/run_tests.sh [arguments of pytest]
set -euo pipefail
cd "$(dirname "$0")/.."
bash tools/setup.sh
venv=${VIRTUAL_ENV:-$PWD/.venv}
# one thread per worker: two workers with two threads each would spin against each other
export OMP_NUM_THREADS=1
exec "$venv/bin/python" -m pytest -n "${WORKERS:-2}" --dist worksteal "$@"
