#!/usr/bin/env bash
# What Chromium downloads of a bundle of five wheels: at first, again, and after a pure wheel in it has changed. The
# figures are those of the test, which fails if the change costs 2 % or more.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
tests/run.sh -R 'browser\.returning' --verbose 2>&1 | sed -n 's/^[0-9]*: # \([0-9]* bytes at first.*\)/\1/p'
