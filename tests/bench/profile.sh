#!/usr/bin/env bash
# What a visit's time goes into: the CPU profile of Chromium installing a requirement set from wheels and from a bundle
# on an unthrottled link, as a Markdown table. Arguments are REQUIREMENT=MODULE, what to ask for and what to import of
# it. Takes some minutes, until the server has made the best forms. Needs what tests/run.sh has fetched and built.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/bench/in_chromium.sh
exec node tests/bench/profile.mjs "$@"
