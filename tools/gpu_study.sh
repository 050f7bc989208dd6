#!/usr/bin/env bash
# As much of the study as eight minutes on a GPU allow, a small run for each CPU core side by side on the one card:
# tools/gpu_study.sh [arguments of mmvis study]. JOBS and LIMIT (seconds) change the number of runs and the time.
# What is cut at the end goes on with the next call, if work_dirs/study is still there.
set -uo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
python=${PYTHON:-${VIRTUAL_ENV:-$root/.venv}/bin/python}
export PYTHONPATH=$root${PYTHONPATH:+:$PYTHONPATH}
study=("$python" -m mmvis_ext study)
timeout "${LIMIT:-470}" "${study[@]}" --jobs "${JOBS:-$(nproc)}" "$@"
code=$?
[ $code -eq 124 ] || exit $code
echo "the time is over; call again to go on"
exec "${study[@]}" --page-only "$@"
