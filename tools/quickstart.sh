#!/usr/bin/env bash
# From nothing to a trained model: set up, write ShapesVIS mini, train the small EfficientVIS from scratch, test it,
# print AP, write submission.zip and pictures: tools/quickstart.sh [WORK_DIR]
set -euo pipefail
cd "$(dirname "$0")/.."
work=${1:-work_dirs/quickstart}
folder=configs/efficientvis
stills=$folder/efficientvis_small_shapesvis-mini-stills.py
config=$folder/efficientvis_small_still-conv_shapesvis-mini.py
truth=data/shapes_vis/mini/youtube_vis/val.json
bash tools/setup.sh
python=${VIRTUAL_ENV:-$PWD/.venv}/bin/python
# glibc would hand the large buffers of each step back to the system and take them anew
export MALLOC_TRIM_THRESHOLD_=4000000000 MALLOC_MMAP_THRESHOLD_=4000000000
start=$SECONDS
say() { printf '\n== %s (%d:%02d)\n' "$1" $(((SECONDS - start) / 60)) $(((SECONDS - start) % 60)); }
# one thread in each of two processes: small operators gain little from two threads, which also wait for each other
# bfloat16 is faster where the CPU has instructions for it
amp=$(grep -qs -e amx_bf16 -e avx512_bf16 /proc/cpuinfo && echo --amp || true)
train() { OMP_NUM_THREADS=1 PYTHON=$python bash tools/dist_train.sh "$1" 2 $amp "${@:2}"; }
newest() {
  "$python" -c 'import sys; from mmvis_ext.engine.checkpoints import latest_checkpoint as l; print(l(sys.argv[1]))' "$1"
}

say "1/4 ShapesVIS mini"
"$python" tools/dataset_converters/shapes_vis.py --preset mini --out data/shapes_vis/mini
say "2/4 training: single frames first (the log shows the time left as eta)"
train "$stills" --work-dir "$work/stills" --resume
say "2/4 training: pairs of clips"
train "$config" --work-dir "$work" --resume --cfg-options load_from="$(newest "$work/stills")"
say "3/4 testing"
checkpoint=$(newest "$work")
"$python" tools/test.py "$config" "$checkpoint" --work-dir "$work" \
  --out "$work/submission.zip" --show-dir "$work/pictures" --show-number 8
say "4/4 what the submission is worth, read back from the file"
"$python" tools/eval_vis.py "$truth" "$work/submission.zip" --classwise
say "done"
echo "checkpoint  $checkpoint"
echo "submission  $work/submission.zip"
echo "pictures    $work/pictures (left: ground truth, right: prediction; one colour per track over time)"
