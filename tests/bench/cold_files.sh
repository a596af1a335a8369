#!/usr/bin/env bash
# Measures whether downloads of files that are not in memory make small answers wait. Needs root, for a memory limit.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. server/setup.sh
export PATH=$PATH:/usr/sbin:/sbin PYTHONDONTWRITEBYTECODE=1
export WHEELBARROW=${WHEELBARROW:-$PWD/build/release/wheelbarrow}
install_packages nginx-light python3 curl
exec python3 tests/bench/cold_files.py
