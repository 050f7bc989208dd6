#!/usr/bin/env bash
# Set up everything in .venv (or in the virtual environment that is active): tools/setup.sh [onedl|upstream]
# Without an argument (or STACK in the environment) a virtual environment keeps the stack that it has; a new one gets onedl.
# Quick when it has been run before. Needs Python >= 3.10, a C++ compiler and the package index.
set -euo pipefail
cd "$(dirname "$0")/.."
asked=${1:-${STACK:-}}
case $asked in
  '' | onedl | upstream) ;;
  *) echo "error: there is no stack '$asked'; take onedl or upstream." >&2; exit 1 ;;
esac
venv=${VIRTUAL_ENV:-$PWD/.venv}
[ -x "$venv/bin/python" ] || "${PYTHON:-python3}" -m venv "$venv"
python=$venv/bin/python
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "error: Python >= 3.10 is needed." >&2; exit 1; }
stamp=$venv/.mmvis_ext-setup
# the stack that is there: the stamp's second line names it; in an environment made by hand its mmengine does
has=$(sed -n '2s/ .*//p' "$stamp" 2>/dev/null || true)
[ -n "$has" ] || has=$("$python" -c 'from importlib.metadata import distributions
names = {d.metadata["Name"] for d in distributions()}
print("onedl" if "onedl-mmengine" in names else "upstream" if "mmengine" in names else "")')
stack=${asked:-${has:-onedl}}
[ "${has:-$stack}" = "$stack" ] || {
  echo "error: $venv has the $has stack, and both stacks write the same modules; for $stack remove $venv (or activate" \
    "another virtual environment) and run bash tools/setup.sh $stack again." >&2
  exit 1
}
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
printf 'unfinished\n%s\n' "$stack $PWD" > "$stamp"  # a set-up that breaks off here has one too
grep -v '^ *#' "requirements/stack-$stack.txt" | while read -r package; do
  pip install -q --no-deps --no-build-isolation "$package"
done
pip install -q -r requirements/runtime.txt -r requirements/tests.txt -r requirements/docs.txt
pip install -q --no-deps -r requirements/tests-no-deps.txt
pip install -q --no-deps --no-build-isolation -e .
check
echo "$want" > "$stamp"
