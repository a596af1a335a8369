// Python that imports every module below site-packages and says, as JSON, what came of each. A module in a Python of its
// own would take hours; a module's own imports are what is looked at here.
export const program = `
import importlib, json, pathlib, sys, sysconfig, warnings
warnings.simplefilter("ignore")
site = pathlib.Path(sysconfig.get_path("purelib"))

def outcome(name):
    try:
        importlib.import_module(name)
        return "imported"
    except BaseException as error:
        return type(error).__name__ + " " + str(error)

def modules():
    for path in sorted([*site.rglob("*.py"), *site.rglob("*.so")]):
        parts = path.relative_to(site).parts
        parts = (*parts[:-1], parts[-1].partition(".")[0])
        if parts[-1] == "__init__":
            parts = parts[:-1]
        # __main__ runs programs; cv2's parts want to be loaded by cv2 itself.
        if "__main__" in parts or parts[0] == "cv2" or not all(map(str.isidentifier, parts)):
            continue
        yield ".".join(parts)

top = {name: outcome(name) for name in imports}
json.dumps({"top": top, "all": {name: outcome(name) for name in modules()}})
`;

/**
 * The same with the top-level modules named that come first, in this order.
 *
 * @param {string[]} names
 */
export function importing(names) {
  return `imports = ${JSON.stringify(names)}\n${program}`;
}
