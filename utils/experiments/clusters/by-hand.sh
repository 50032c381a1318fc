#!/bin/sh
# Start one worker by hand, on each machine with its own index, in any order:
#
#   sh utils/experiments/clusters/by-hand.sh 0 node1:12345 node2:12345    on node1
#   sh utils/experiments/clusters/by-hand.sh 1 node1:12345 node2:12345    on node2
#
# Set SHARED to a folder that both see, and try it first with STEPS=20. Without STEPS it takes 1,400:
# 8 epochs of CIFAR-10's 45,000 training pictures in batches of 256. Everyone who reaches these ports
# can run code here: use a network in which you trust everybody.
set -eu
cd "$(dirname "$0")/../../.."
index=$1
shift
workers=""
for address; do workers="$workers,\"$address\""; done
export TF_CONFIG="{\"cluster\": {\"worker\": [${workers#,}]}, \"task\": {\"type\": \"worker\", \"index\": $index}}"
export TRANSFER_DATA="${TRANSFER_DATA:-cifar10}" TRANSFER_SIZE="${TRANSFER_SIZE:-full}"
exec "${PYTHON:-.venv/bin/python}" -m utils.experiments.worker \
    "${SHARED:?the folder that all machines see}" --steps "${STEPS:-1400}" --batch "${BATCH:-256}"
