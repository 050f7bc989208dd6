#!/usr/bin/env bash
# Train on a Slurm cluster: tools/slurm_train.sh PARTITION JOB_NAME CONFIG WORK_DIR [arguments of tools/train.py]
# GPUS, GPUS_PER_NODE, CPUS_PER_TASK and SRUN_ARGS come from the environment.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
gpus=${GPUS:-8} per_node=${GPUS_PER_NODE:-8}
exec srun -p "$1" --job-name "$2" --gres "gpu:$per_node" --ntasks "$gpus" --ntasks-per-node "$per_node" \
  --cpus-per-task "${CPUS_PER_TASK:-5}" --kill-on-bad-exit=1 ${SRUN_ARGS:-} \
  python -u "$here/train.py" "$3" --work-dir "$4" --launcher slurm "${@:5}"
