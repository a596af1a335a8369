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

clients=$cache/browser-clients-1

# fetch_clients: what tests/examples/ is for, in $clients: the files that a page or a web server needs of each.
fetch_clients() {
  local work
  if [[ -d $clients ]]; then
    return
  fi
  work=$(mktemp -d "$cache/fetch.XXXXXX")
  (
    trap 'rm -rf "$work"' EXIT
    npm_package @stlite/browser 1.9.2 \
      5642293651e33a622606fc5349c4543965cd558dc3f958780bcde405b89093da4b0c49789f690326b948d7399099c9a7ab810fcfc80334a5bbb58934d29a4451 \
      "$work/stlite"
    npm_package @pyscript/core 0.7.31 \
      1aa3356a89dcd4de114e4359d7327c8c993cfa2d9ca9eced66c94fb00890b67fb01c79145fd675160220e078c2be1072941ebc50a99b4d54f33a86e980f20c55 \
      "$work/pyscript"
    npm_package @jupyterlite/pyodide-kernel 0.8.6 \
      4d89228505fd73a2f414b35f3c9a661f0ff2de2f25828501adc3e4b3b7cfa355c23197a0b76a287427df47e5d0d80aace5322620a39ada04f0a14ebd08c14fa1 \
      "$work/jupyterlite"
    mkdir "$work/clients"
    mv "$work/stlite/build" "$work/clients/stlite"
    mv "$work/pyscript/dist" "$work/clients/pyscript"
    mv "$work/jupyterlite" "$work/clients/jupyterlite"
    publish "$work/clients" "$clients"
  )
}

mapfile -t packages < <(build_packages)
install_packages "${packages[@]}" libgtest-dev libgmock-dev libbenchmark-dev chromium nghttp2-client curl openssl \
  python3 python3-build python3-pip python3-httpx python3-yaml python3-h2 zstd gzip nginx-light apache2-bin haproxy caddy \
  varnish prometheus debootstrap dpkg-dev file fish iproute2 libnss3-tools man-db twine zsh
# Ubuntu's package of that name is a snap, which tests can't drive.
if (. /etc/os-release && [[ $ID == debian ]]); then
  install_packages firefox-esr
fi
ensure_npm
fetch_sample_wheels
fetch_pyodide_runtime
fetch_pyodide_locks
fetch_clients
modules=$(npm_modules tests/browser)

places=(-D BUILD_TESTING=ON -D "WHEELBARROW_SAMPLE_WHEELS=$sample_wheels"
  -D "WHEELBARROW_PYODIDE_RUNTIME=$pyodide_runtime" -D "WHEELBARROW_PYODIDE_LOCKS=$pyodide_locks"
  -D "WHEELBARROW_NODE_MODULES=$modules" -D "WHEELBARROW_BROWSER_CLIENTS=$clients")
jobs=$(nproc)

say "Building release"
configure release "${places[@]}"
cmake --build --preset release

if (($# > 0)); then
  exec ctest --preset release --parallel "$jobs" --no-tests=error "$@"
fi

failed=()
# test_build PRESET [CTEST-ARGUMENT...]
test_build() {
  local preset=$1
  shift
  ctest --preset "$preset" --parallel "$jobs" --no-tests=error "$@" || failed+=("$preset")
}

test_build release
say "Building with AddressSanitizer and UndefinedBehaviorSanitizer"
configure asan "${places[@]}"
cmake --build --preset asan
test_build asan --label-regex 'unit|integration'

# What failed, once more, where a log of all that passed ends.
for preset in "${failed[@]}"; do
  say "FAILED in the $preset build:"
  awk '/^[0-9]+\/[0-9]+ Testing: / { lines = "" }
    { lines = substr(lines $0 "\n", length(lines $0) > 6000 ? length(lines $0) - 6000 : 1) }
    /^Test Failed\.$|^Test Timeout\.$/ { print lines }' "build/$preset/Testing/Temporary/LastTest.log" >&2
done
((${#failed[@]} == 0))
