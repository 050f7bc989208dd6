#!/usr/bin/env bash
# Check everything on a GPU, in under eight minutes: tools/gpu_check.sh [--out FILE.json] [arguments of the tool]
# First the tests marked gpu, then tools/analysis_tools/gpu_check.py. With --device cpu the same on tiny shapes.
set -uo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
python=${PYTHON:-${VIRTUAL_ENV:-$root/.venv}/bin/python}
export PYTHONPATH=$root${PYTHONPATH:+:$PYTHONPATH}
(cd "$root" && exec timeout 120 "$python" -m pytest -q -m gpu tests/models/test_on_gpu.py)
exec "$python" "$root/tools/analysis_tools/gpu_check.py" --tests $? "$@"
