#!/usr/bin/env bash
# Measures start-up with 20,000 wheels and what 10,000 requirement sets leave behind (WHEELS and SETS: other numbers).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. server/setup.sh
export PYTHONDONTWRITEBYTECODE=1
export WHEELBARROW=${WHEELBARROW:-$PWD/build/release/wheelbarrow}
install_packages python3
exec python3 tests/bench/scale.py
