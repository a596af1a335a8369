#!/usr/bin/env bash
# Measures bundles against individual wheels in Chromium over a shaped link, and prints tables and verdicts as Markdown;
# compare.sh --help lists the options. Needs root, for network namespaces, and what tests/run.sh has fetched and built.
# tests/bench/compare/picture.mjs makes the README's picture of the figures.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. server/setup.sh
export PATH=$PATH:/usr/sbin:/sbin
install_packages nginx-light python3 chromium util-linux
fetch_pyodide_runtime
fetch_sample_wheels

# Small pure wheels that people use; the sample wheels are mostly large.
pure_wheels=$cache/pure-wheels-1
if [[ ! -d $pure_wheels ]]; then
  work=$(mktemp -d "$cache/fetch.XXXXXX")
  (
    trap 'rm -rf "$work"' EXIT
    npm_package @galaxyproject/jupyterlite 0.0.31 \
      20d5ffa2f3bcbb035b9a75295b0ee95313e8d4285c2eabf64270d6d4165ca03f92f7ca95ab559b4d253d0e8aab56838ff3727f194b07da3333b8edad06c74f10 \
      "$work/jupyterlite"
    mkdir "$work/wheels"
    for name in attrs packaging python_dateutil six; do
      mv "$work"/jupyterlite/static/dist/_output/pypi/"$name"-*.whl "$work/wheels"
    done
    publish "$work/wheels" "$pure_wheels"
  )
fi

if [[ -z ${WHEELBARROW:-} || -z ${WHEELBARROW_LINK:-} ]]; then
  [[ -f build/release/CMakeCache.txt ]] || configure release -D BUILD_TESTING=ON
  cmake --build --preset release --target wheelbarrow link >&2
fi
export WHEELBARROW=${WHEELBARROW:-$PWD/build/release/wheelbarrow}
export WHEELBARROW_LINK=${WHEELBARROW_LINK:-$PWD/build/release/tests/bench/link}
export WHEELBARROW_COMPARE_WHEELS=$sample_wheels:$pure_wheels
export WHEELBARROW_PYODIDE_RUNTIME=${WHEELBARROW_PYODIDE_RUNTIME:-$pyodide_runtime}
modules=("$HOME"/.cache/wheelbarrow/node-modules-*/node_modules)
export WHEELBARROW_NODE_MODULES=${WHEELBARROW_NODE_MODULES:-${modules[-1]}}
export CHROMIUM=${CHROMIUM:-$(command -v chromium)} NGINX=${NGINX:-$(command -v nginx)}
exec node tests/bench/compare.mjs "$@"
