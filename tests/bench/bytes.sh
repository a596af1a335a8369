#!/usr/bin/env bash
# Prints what each sample wheel is in bytes, coded as the server codes it; or the wheels of a folder: bytes.sh [FOLDER].
# Takes ten minutes, most of them in Brotli.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. server/setup.sh
mapfile -t packages < <(build_packages)
install_packages "${packages[@]}" libgtest-dev libgmock-dev
fetch_sample_wheels
configure release -D BUILD_TESTING=ON
cmake --build --preset release --target bytes >&2
build/release/tests/bench/bytes "${1:-$sample_wheels}"
