#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test: in a release build, then the ones that need no browser again
# under AddressSanitizer and UndefinedBehaviorSanitizer. Arguments go on to ctest, and then only the release build is
# tested:
#
#   tests/run.sh                everything
#   tests/run.sh -R resolver    the tests whose names match
#   tests/run.sh -L browser     the tests in a browser
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. server/setup.sh

# npm_modules FOLDER: installs what FOLDER/package-lock.json pins and prints where, outside the tree.
npm_modules() {
  local folder=$1 key modules work
  key=$(cat "$folder/package.json" "$folder/package-lock.json" | sha256sum | cut -c1-16)
  modules=$cache/node-modules-$key
  if [[ ! -d $modules ]]; then
    say "Installing the browser tests' npm packages"
    work=$(mktemp -d "$cache/fetch.XXXXXX")
    (
      trap 'rm -rf "$work"' EXIT
      cp "$folder/package.json" "$folder/package-lock.json" "$work/"
      npm ci --silent --ignore-scripts --no-audit --no-fund --prefix "$work" >&2
      publish "$work" "$modules"
    )
  fi
  printf '%s\n' "$modules/node_modules"
}

mapfile -t packages < <(build_packages)
install_packages "${packages[@]}" libgtest-dev libgmock-dev libbenchmark-dev chromium nghttp2-client curl openssl \
  python3 python3-pip python3-httpx python3-h2 zstd gzip nginx-light apache2-bin haproxy caddy varnish
ensure_npm
fetch_sample_wheels
fetch_pyodide_runtime
fetch_pyodide_locks
modules=$(npm_modules tests/browser)

places=(-D BUILD_TESTING=ON -D "WHEELBARROW_SAMPLE_WHEELS=$sample_wheels"
  -D "WHEELBARROW_PYODIDE_RUNTIME=$pyodide_runtime" -D "WHEELBARROW_PYODIDE_LOCKS=$pyodide_locks"
  -D "WHEELBARROW_NODE_MODULES=$modules")
jobs=$(nproc)

say "Building release"
configure release "${places[@]}"
cmake --build --preset release

if (($# > 0)); then
  exec ctest --preset release --parallel "$jobs" --no-tests=error "$@"
fi

failed=0
ctest --preset release --parallel "$jobs" --no-tests=error || failed=1
say "Building with AddressSanitizer and UndefinedBehaviorSanitizer"
configure asan "${places[@]}"
cmake --build --preset asan
ctest --preset asan --parallel "$jobs" --no-tests=error --label-regex 'unit|integration' || failed=1
exit "$failed"
