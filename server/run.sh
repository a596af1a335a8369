#!/usr/bin/env bash
# Builds wheelbarrow and serves a sample wheelhouse on https://localhost:8443/. Installs and fetches what is missing
# first; a second start takes seconds. Arguments go on to `wheelbarrow serve`:
#
#   server/run.sh                          the sample wheels
#   server/run.sh --wheels ~/my/wheels     your own
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
# Relative folders among the arguments are the caller's.
started_in=$OLDPWD
. server/setup.sh

# given OPTION ARGUMENT...: whether the option is among the arguments, or in the environment as `serve` reads it.
given() {
  local option=$1 argument variable
  shift
  for argument in "$@"; do
    if [[ $argument == "$option" || $argument == "$option="* ]]; then
      return 0
    fi
  done
  variable=${option#--}
  variable=WHEELBARROW_${variable//-/_}
  variable=${variable^^}
  [[ -n ${!variable:-} ]]
}

mapfile -t packages < <(build_packages)
install_packages "${packages[@]}"
# Tests need more packages; a build folder that has them keeps them.
if [[ ! -f build/release/build.ninja ]]; then
  configure release -D BUILD_TESTING=OFF
fi
cmake --build --preset release --target wheelbarrow >&2

arguments=("$@")
if ! given --wheels "$@" && ! given --config "$@"; then
  fetch_sample_wheels
  arguments+=(--wheels "$sample_wheels")
fi
if ! given --pyodide "$@" && ! given --config "$@"; then
  fetch_pyodide_runtime
  arguments+=(--pyodide "$pyodide_runtime")
fi
if ! given --data "$@" && ! given --config "$@"; then
  arguments+=(--data "$cache/data")
fi
if ! given --listen "$@" && ! given --listen-plain "$@" && ! given --config "$@"; then
  arguments+=(--listen localhost:8443)
  cat >&2 <<'TXT'

Serving on https://localhost:8443/ with a certificate made for this machine (so curl needs -k). To try:

  curl -k 'https://localhost:8443/resolve?r=python-docx'
  curl -k --compressed 'https://localhost:8443/bundle?r=python-docx' | tar -t | head
  xdg-open https://localhost:8443/

TXT
fi
cd "$started_in"
exec "$root/build/release/wheelbarrow" serve "${arguments[@]}"
