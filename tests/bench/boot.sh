#!/usr/bin/env bash
# How long Pyodide takes to start in Chromium with its library as it is and with the library that wheelbarrow compiles, in
# turns, as a Markdown table; the argument is the number of rounds (7). Needs what tests/run.sh has fetched and built.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. server/setup.sh
install_packages chromium
fetch_pyodide_runtime
fetch_sample_wheels
modules=("$cache"/node-modules-*/node_modules)
export WHEELBARROW=${WHEELBARROW:-$PWD/build/release/wheelbarrow}
export WHEELBARROW_SAMPLE_WHEELS=$sample_wheels WHEELBARROW_PYODIDE_RUNTIME=$pyodide_runtime
export WHEELBARROW_NODE_MODULES=${WHEELBARROW_NODE_MODULES:-${modules[-1]}} CHROMIUM=${CHROMIUM:-$(command -v chromium)}
exec node tests/bench/boot.mjs "$@"
