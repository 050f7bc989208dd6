#!/usr/bin/env bash
# What dist_train.sh and dist_test.sh share: dist_run.sh TOOL CONFIG PROCESSES [arguments of the tool]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tool=$1 config=$2 processes=$3
shift 3
# the active virtual environment's python, the one that tools/setup.sh made, or whichever there is
python=${PYTHON:-python}
[ -n "${PYTHON:-}${VIRTUAL_ENV:-}" ] || [ ! -x "$here/../.venv/bin/python" ] || python=$here/../.venv/bin/python
exec "$python" "$here/$tool" "$config" --gpus "$processes" "$@"
