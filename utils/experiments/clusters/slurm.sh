#!/bin/bash
# Fine-tune on several machines of a Slurm cluster, from the repository's folder:
#
#   STEPS=20 SHARED=outputs/trial sbatch utils/experiments/clusters/slurm.sh    to try it
#   sbatch utils/experiments/clusters/slurm.sh
#
# 1,400 steps are 8 epochs of CIFAR-10's 45,000 training pictures in batches of 256.
# Once before, where there is internet, let notebook 01 download CIFAR-10: make run ONLY=01
# The repository and outputs/ must lie on a disk that all machines see. One worker runs on each; it
# asks Slurm itself who the others are. With GPUs add: #SBATCH --gpus-per-task=1
#SBATCH --job-name=transfer
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
#SBATCH --mem=16G
#SBATCH --time=04:00:00
# Slurm makes no folder for its log: once before, mkdir -p outputs
#SBATCH --output=outputs/slurm-%j.log
# After a failure of a machine Slurm starts the job again, on others; the log goes on.
#SBATCH --requeue
#SBATCH --open-mode=append
set -euo pipefail
export TRANSFER_DATA="${TRANSFER_DATA:-cifar10}" TRANSFER_SIZE="${TRANSFER_SIZE:-full}"
# A worker that is gone takes the others with it: start all again, from the last checkpoint.
for attempt in 1 2 3; do
    if srun ${SLURM_CPUS_PER_TASK:+--cpus-per-task="$SLURM_CPUS_PER_TASK"} --label --kill-on-bad-exit=1 .venv/bin/python -m utils.experiments.worker \
        "${SHARED:-outputs/slurm}" --steps "${STEPS:-1400}" --batch "${BATCH:-256}"; then
        exit 0
    fi
    echo "Attempt $attempt of 3 failed." >&2
done
exit 1
