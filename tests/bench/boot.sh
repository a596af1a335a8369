#!/usr/bin/env bash
# How long Pyodide takes to start in Chromium with its library as it is and with the library that wheelbarrow compiles, in
# turns, as a Markdown table; the argument is the number of rounds (7). Needs what tests/run.sh has fetched and built.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/bench/in_chromium.sh
exec node tests/bench/boot.mjs "$@"
