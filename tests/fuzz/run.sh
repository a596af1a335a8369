#!/usr/bin/env bash
# Builds the fuzz targets and runs each for a while, two at a time, on the seeds in corpus/:
#
#   tests/fuzz/run.sh               60 seconds each
#   tests/fuzz/run.sh 600           600 seconds each
#   tests/fuzz/run.sh 600 http2     the targets that are named
#
# What they find stays beside the build as build/fuzz/found/<target>/crash-*; its path is printed, and the exit code
# is 1. A finding is repeated by: build/fuzz/tests/fuzz/<target>_fuzz FILE
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. server/setup.sh

seconds=${1:-60}
targets=("${@:2}")
if ((${#targets[@]} == 0)); then
  targets=(accept_encoding conditional form_data forwarded http1 http2 marker metadata priority proxy_protocol range requirement
    requirements_file specifier url version wheel_filename)
fi

mapfile -t packages < <(build_packages)
install_packages "${packages[@]}" clang-19 libclang-rt-19-dev
say "Building the fuzz targets"
configure fuzz
cmake --build --preset fuzz --target fuzz_targets

found=build/fuzz/found
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# fuzz TARGET: its output goes into a file, of which only the end of a failed run is worth reading.
fuzz() {
  local target=$1 options=(-max_len=4096)
  mkdir -p "$work/$target" "$found/$target"
  if [[ -f tests/fuzz/$target.dict ]]; then
    options+=("-dict=tests/fuzz/$target.dict")
  fi
  "build/fuzz/tests/fuzz/${target}_fuzz" "${options[@]}" -max_total_time="$seconds" -rss_limit_mb=1024 -timeout=10 \
    -print_final_stats=1 -artifact_prefix="$found/$target/" "$work/$target" "tests/fuzz/corpus/$target" \
    >"$work/$target.log" 2>&1 || {
    tail -n 40 "$work/$target.log" >&2
    say "$target: FAILED; the input is $(ls -t "$PWD/$found/$target"/* | head -n 1)"
    return 1
  }
  say "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$work/$target.log") inputs, nothing found"
}
export -f fuzz say
export seconds found work

say "Fuzzing ${targets[*]}, $seconds seconds each"
printf '%s\n' "${targets[@]}" | xargs -P 2 -I TARGET bash -euo pipefail -c 'fuzz TARGET'
