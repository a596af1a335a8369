# Sourced by the scripts here that measure in Chromium, from the top of the tree: where everything that they need is.
. server/setup.sh
install_packages chromium
fetch_pyodide_runtime
fetch_sample_wheels
modules=("$cache"/node-modules-*/node_modules)
export WHEELBARROW=${WHEELBARROW:-$PWD/build/release/wheelbarrow}
export WHEELBARROW_SAMPLE_WHEELS=$sample_wheels WHEELBARROW_PYODIDE_RUNTIME=$pyodide_runtime
export WHEELBARROW_NODE_MODULES=${WHEELBARROW_NODE_MODULES:-${modules[-1]}} CHROMIUM=${CHROMIUM:-$(command -v chromium)}
