# Sourced by server/run.sh and tests/run.sh: what both need before they can start. Everything that isn't built from
# the tree lies in one cache folder outside it, and is put there whole or not at all.

cache=${XDG_CACHE_HOME:-$HOME/.cache}/wheelbarrow
mkdir -p "$cache"
# So that ccache knows a file again in another clone of the tree.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=true

say() { printf '%s\n' "$*" >&2; }

die() {
  say "$*"
  exit 1
}

# build_packages: the distribution's packages that the build needs, one a line.
build_packages() {
  local boost=''
  # Debian 12's plain packages are Boost 1.74; it carries 1.81 beside them. Newer releases begin at 1.83.
  if (. /etc/os-release && [[ $ID == debian && ${VERSION_ID:-} == 12 ]]); then
    boost=1.81
  fi
  printf '%s\n' g++ cmake ninja-build ccache pkgconf "libboost${boost}-dev" "libboost-json${boost}-dev" \
    libnghttp2-dev libssl-dev zlib1g-dev libzstd-dev libbrotli-dev libdeflate-dev libarchive-dev libsqlite3-dev \
    libspdlog-dev libcli11-dev prometheus-cpp-dev libjemalloc-dev libcurl4-openssl-dev libseccomp-dev
}

# install_packages NAME...: installs those that are missing; asks the package manager for nothing otherwise.
install_packages() {
  local name missing=() as_root=()
  for name in "$@"; do
    if ! dpkg-query -W -f '${db:Status-Status}\n' "$name" 2>/dev/null | grep -qx installed; then
      missing+=("$name")
    fi
  done
  if ((${#missing[@]} == 0)); then
    return
  fi
  say "Installing ${missing[*]}"
  if ((EUID != 0)); then
    command -v sudo >/dev/null || die "Please have an administrator run: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  "${as_root[@]}" apt-get update -q
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
}

# ensure_npm: Node and npm, from the distribution unless the machine has its own.
ensure_npm() {
  command -v npm >/dev/null || install_packages npm ca-certificates
}

# configure PRESET [CMAKE-ARGUMENT...]
configure() {
  local preset=$1
  shift
  cmake --preset "$preset" -D CMAKE_CXX_COMPILER_LAUNCHER=ccache "$@" >"$cache/configure-$preset.log" 2>&1 || {
    cat "$cache/configure-$preset.log" >&2
    die "Configuring the $preset build failed."
  }
}

# npm_package NAME VERSION SHA512 FOLDER: unpacks a package of the npm registry as FOLDER. npm fetches it, so its
# configured registry, proxy and certificates count; the checksum is this tree's.
npm_package() {
  local name=$1 version=$2 sha512=$3 folder=$4 work
  if [[ -d $folder ]]; then
    return
  fi
  ensure_npm
  say "Fetching $name $version from the npm registry"
  work=$(mktemp -d "$cache/fetch.XXXXXX")
  (
    trap 'rm -rf "$work"' EXIT
    npm pack --silent --ignore-scripts --pack-destination "$work" "$name@$version" >/dev/null ||
      die "$name $version could not be fetched."
    mv "$work"/*.tgz "$work/package.tgz"
    sha512sum --check --status <<<"$sha512  $work/package.tgz" ||
      die "$name $version is not what it was: its SHA-512 differs from the one in server/setup.sh."
    tar -xzf "$work/package.tgz" -C "$work"
    publish "$work/package" "$folder"
  )
}

# publish FROM TO: moves a finished folder into its place. Where another run was faster, its folder stays.
publish() {
  mkdir -p "$(dirname "$2")"
  mv -T "$1" "$2" 2>/dev/null || [[ -d $2 ]] || die "$2 can't be written."
}

pyodide_runtime=$cache/pyodide-0.29.3
sample_wheels=$cache/sample-wheels-1

# fetch_pyodide_runtime: the files of a Pyodide release, without its packages, in $pyodide_runtime.
fetch_pyodide_runtime() {
  npm_package pyodide 0.29.3 \
    db6501ba13896b08fbbca5274bbfc5df12bee75e4b25d8e23001e809fb92ebf3db1e23ab4905676300defb6b1b57088e677b0c31ec5d5c809ec3a36a38c40680 \
    "$pyodide_runtime"
}

# fetch_sample_wheels: wheels for Pyodide 0.29 that two npm packages carry, in $sample_wheels. Another choice of
# packages needs another name for the folder.
fetch_sample_wheels() {
  local work
  if [[ -d $sample_wheels ]]; then
    return
  fi
  work=$(mktemp -d "$cache/fetch.XXXXXX")
  (
    trap 'rm -rf "$work"' EXIT
    npm_package @bentopdf/pymupdf-wasm 0.11.16 \
      18fc711f606892b4b8f5f25ad7b9abb778530464480e53242df27093eb64e39f88093988cdcb62ec00974f62472b7154257f75e8e42f9eb2506f6f596a337708 \
      "$work/pymupdf"
    npm_package @stlite/browser 1.9.2 \
      5642293651e33a622606fc5349c4543965cd558dc3f958780bcde405b89093da4b0c49789f690326b948d7399099c9a7ab810fcfc80334a5bbb58934d29a4451 \
      "$work/stlite"
    mkdir "$work/wheels"
    find "$work/pymupdf" "$work/stlite" -name '*.whl' -exec mv -t "$work/wheels" {} +
    publish "$work/wheels" "$sample_wheels"
  )
}

pyodide_locks=$cache/pyodide-locks-1

# fetch_pyodide_locks: <version>.json, the lock file of the last release of each Pyodide line, in $pyodide_locks.
# Another choice of releases needs another name for the folder.
fetch_pyodide_locks() {
  local work version sha512
  if [[ -d $pyodide_locks ]]; then
    return
  fi
  work=$(mktemp -d "$cache/fetch.XXXXXX")
  (
    trap 'rm -rf "$work"' EXIT
    mkdir "$work/locks"
    while read -r version sha512; do
      npm_package pyodide "$version" "$sha512" "$work/$version" </dev/null
      mv "$work/$version/pyodide-lock.json" "$work/locks/$version.json"
    done <<'EOF'
0.24.1 7e436894dc22bf8d44d8a2823f66e05be770afde41fb42920bf586f560a695633d30d15b4555f4ac5f62e0e8a444cefc6c679552f2dd549c3c8d8d7bc312a845
0.25.1 cb49c9fdf2c0ddbc43da2651cef5536cfd8efb0a781309b6c1385f5781c5d01cad43a86ca2a4c914b358e2eb0b39c09506b2bc4d35aa16aae6b153f31dee2bb3
0.26.4 cf6087b23565861262e6d60117401801f3443e8df3abfcfec4ea45b64d6dc1e26445a4ea53850affba4bbe8f03054d950cf1f7d6f077a5223ef1f9e8aab56b16
0.27.8 5c3cbcc90025a0ed1f49a27a17969069dd08a9c04abd4e0c8068cddcbae338f5ba278c474f93c1881cc29c0a718ee7ab5a5df7062cae3d01b5b881c70109e492
0.28.3 aed0acc93539e68346a4bcd256e01de7966faee243117f28ea479275628df633de05548d9729da2851bb791aa4888814ee2d8ce8712062d9b46ad084417deee0
0.29.5 4e462b52ff66f1099f2260032919a9c19ba52f8f04d2e51a0523be76f4502b2009734aa1f60bbb8e7f1bb721cf8773599b5af6207d98ac9848afb43607dbab03
314.0.7 d18bd7c4485f11da4b7dbfd790cd8114078c44eab488c517d9bcf31fda4eb6dc8c716930abe1db139bb2b860fcd8b37bcb6abe48dbe2ffa579244b0e943d91d4
315.0.0-alpha.2 b764b4aebf6ed41d971dfa28a866ce3d3ec47a5337916923d6924182d5429fd026e9ad41cae53914fab4c091de6a983250cfabf0c4f1ff56114d7a370da1b628
EOF
    publish "$work/locks" "$pyodide_locks"
  )
}
