#!/usr/bin/env bash
# Bytes against seconds: bundles without bytecode, with it beside the sources and instead of them, in a real Pyodide under
# Node and in Chromium. Needs what tests/run.sh has fetched and built.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. server/setup.sh
export WHEELBARROW=${WHEELBARROW:-$PWD/build/release/wheelbarrow}
export WHEELBARROW_SAMPLE_WHEELS=${WHEELBARROW_SAMPLE_WHEELS:-$sample_wheels}
export WHEELBARROW_PYODIDE_RUNTIME=${WHEELBARROW_PYODIDE_RUNTIME:-$pyodide_runtime}
modules=("$HOME"/.cache/wheelbarrow/node-modules-*/node_modules)
export WHEELBARROW_NODE_MODULES=${WHEELBARROW_NODE_MODULES:-${modules[-1]}}
export CHROMIUM=${CHROMIUM:-$(command -v chromium)}
exec node tests/bench/bytecode.mjs "$@"
