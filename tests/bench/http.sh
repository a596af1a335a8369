#!/usr/bin/env bash
# Measures wheelbarrow's transport beside nginx, h2o, nghttpd and lighttpd, and prints tables and verdicts as Markdown.
# `tests/bench/http.sh --help` lists the options; WHEELBARROW names another program than the release build's.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. server/setup.sh
export WHEELBARROW_SAMPLE_WHEELS=$sample_wheels WHEELBARROW_PYODIDE_RUNTIME=$pyodide_runtime WHEELBARROW_SOURCE=$PWD
export PYTHONDONTWRITEBYTECODE=1
# The distribution puts servers where not everyone's PATH looks.
export PATH=$PATH:/usr/sbin:/sbin
for argument in "$@"; do
  if [[ $argument == -h || $argument == --help ]]; then
    install_packages python3
    WHEELBARROW='' exec python3 tests/bench/http_bench.py --help
  fi
done
install_packages nginx-light h2o nghttp2-server nghttp2-client lighttpd lighttpd-mod-openssl python3 openssl curl
fetch_sample_wheels
if [[ -z ${WHEELBARROW:-} ]]; then
  mapfile -t packages < <(build_packages)
  install_packages "${packages[@]}"
  # An existing build keeps its settings, so that this and tests/run.sh don't make each other build anew.
  [[ -f build/release/CMakeCache.txt ]] || configure release
  cmake --build --preset release --target wheelbarrow >&2
  export WHEELBARROW=$PWD/build/release/wheelbarrow
fi
exec python3 tests/bench/http_bench.py "$@"
