#!/usr/bin/env bash
# Set up everything in .venv (or in the virtual environment that is active): tools/setup.sh [onedl|upstream]
# Quick when it has been run before. Needs Python >= 3.10, a C++ compiler and the package index.
set -euo pipefail
cd "$(dirname "$0")/.."
stack=${1:-onedl}
venv=${VIRTUAL_ENV:-$PWD/.venv}
[ -x "$venv/bin/python" ] || "${PYTHON:-python3}" -m venv "$venv"
python=$venv/bin/python
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "error: Python >= 3.10 is needed." >&2; exit 1; }
stamp=$venv/.mmvis_ext-setup
want=$(cat requirements/*.txt setup.py tools/setup.sh mmvis_ext/version.py | cksum; echo "$stack $PWD")

check() {  # the compiled operators must really import, not only be listed
  "$python" - <<'PY'
import mmcv._ext, mmdet, mmengine, torch, mmvis_ext
print(f"mmvis_ext {mmvis_ext.__version__}: torch {torch.__version__}, mmcv {mmcv.__version__} with its compiled ops, "
      f"mmengine {mmengine.__version__}, mmdet {mmdet.__version__}")
PY
}

if [ "$(cat "$stamp" 2>/dev/null)" = "$want" ]; then
  echo "Already set up in $venv"
  check
  exit 0
fi
pip() { "$python" -m pip --disable-pip-version-check "$@"; }
echo "Setting up in $venv (mmcv compiles its operators the first time: about ten minutes on two cores)"
# Without an own choice of torch the CPU build is not to be replaced by gigabytes of CUDA: any installed torch is kept.
"$python" -c 'import torch' 2>/dev/null || pip install -q "${TORCH:-torch==2.13.0}"
pip install -q 'setuptools<82' wheel ninja -r requirements/stack-deps.txt
export MMCV_WITH_OPS=1 MAX_JOBS=${MAX_JOBS:-$(nproc 2>/dev/null || echo 2)}
grep -v '^ *#' "requirements/stack-$stack.txt" | while read -r package; do
  pip install -q --no-deps --no-build-isolation "$package"
done
pip install -q -r requirements/runtime.txt -r requirements/tests.txt
pip install -q --no-deps -r requirements/tests-no-deps.txt
pip install -q --no-deps --no-build-isolation -e .
check
echo "$want" > "$stamp"
