#!/usr/bin/env bash
# What a visit's time goes into: the CPU profile of Chromium installing a requirement set from wheels and from a bundle
# on an unthrottled link, as a Markdown table. Arguments are REQUIREMENT=MODULE, what to ask for and what to import of
# it. Takes some minutes, until the server has made the best forms. Needs what tests/run.sh has fetched and built.
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
exec node tests/bench/profile.mjs "$@"
