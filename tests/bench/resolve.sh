#!/usr/bin/env bash
# Builds and runs resolve.cpp. Arguments go on to Google Benchmark, e.g. --benchmark_filter=Easy.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. server/setup.sh
mapfile -t packages < <(build_packages)
install_packages "${packages[@]}" libgtest-dev libgmock-dev libbenchmark-dev
configure release -D BUILD_TESTING=ON
cmake --build --preset release --target resolve >&2
build/release/tests/bench/resolve "$@"
