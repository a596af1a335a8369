#!/usr/bin/env bash
# Builds and runs warm_sets.cpp on the sample wheels, or on the folder that is given.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. server/setup.sh
mapfile -t packages < <(build_packages)
install_packages "${packages[@]}" libgtest-dev libgmock-dev
wheels=${1:-}
if [[ -z $wheels ]]; then
  fetch_sample_wheels
  wheels=$sample_wheels
fi
configure release -D BUILD_TESTING=ON
cmake --build --preset release --target warm_sets >&2
find build/release -type f -name warm_sets -exec {} "$wheels" \;
