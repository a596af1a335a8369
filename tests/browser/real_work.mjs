// One program that needs every package of one bundle, and what it must say.
import assert from "node:assert/strict";

export const requirements = ["numpy", "lxml>=5", "python-docx", "opencv-python"];

export const program = `
import io, json, sys
import cv2, docx, numpy
from importlib import metadata
from lxml import etree

document = docx.Document()
document.add_heading("Wheels", 1)
document.add_paragraph("carried in one go")
saved = io.BytesIO()
document.save(saved)
saved.seek(0)

image = numpy.zeros((5, 5), numpy.uint8)
image[2, 2] = 90

json.dumps({
    "product": (numpy.array([[1, 2], [3, 4]]) @ numpy.array([[5, 6], [7, 8]])).tolist(),
    "xpath": etree.fromstring("<a><b n='1'/><b n='2'/></a>").xpath("//b[@n > 1]/@n"),
    "paragraphs": [p.text for p in docx.Document(saved).paragraphs],
    "blurred": cv2.blur(image, (3, 3)).tolist()[1],
    "versions": {name: metadata.version(name) for name in ["numpy", "lxml", "python-docx", "opencv-python"]},
    "recorded": {
        name: all(file.locate().stat().st_size == file.size for file in metadata.files(name) if file.size is not None)
        for name in ["numpy", "lxml", "python-docx", "opencv-python"]
    },
    "installer": metadata.distribution("numpy").read_text("INSTALLER").strip(),
    "micropip": "micropip" in sys.modules,
})
`;

/** @param {{installation: any, progress: any[], result: any, requests?: string[], loaded: any}} outcome */
export function check({ installation, progress, result, requests, loaded }) {
  assert.deepEqual(result, {
    product: [[19, 22], [43, 50]],
    xpath: ["2"],
    paragraphs: ["Wheels", "carried in one go"],
    blurred: [0, 10, 10, 10, 0],
    versions: { numpy: "2.2.5", lxml: "5.4.0", "python-docx": "1.2.0", "opencv-python": "4.11.0.86" },
    recorded: { numpy: true, lxml: true, "python-docx": true, "opencv-python": true },
    installer: "wheelbarrow",
    micropip: false,
  });

  const names = installation.wheels.map((/** @type {any} */ wheel) => wheel.name.replace(/_/g, "-"));
  assert.deepEqual([...names].sort(), ["lxml", "numpy", "opencv-python", "python-docx", "typing-extensions"]);
  assert.ok(names.indexOf("numpy") < names.indexOf("opencv-python"), "as resolved, dependencies first");
  assert.match(installation.bundle, /\/bundles\/[0-9a-f]{64}\.tar$/);
  assert.deepEqual(Object.keys(loaded).sort(), [...names].sort());

  assert.equal(progress[0].phase, "request");
  assert.equal(progress.at(-1).phase, "done");
  assert.equal(progress.at(-1).loaded, installation.size);
  const downloads = progress.filter(({ phase }) => phase === "download");
  downloads.reduce((before, now) => {
    assert.ok(now.loaded > before && now.total === installation.size, "progress goes forward to the end");
    return now.loaded;
  }, 0);
  assert.equal(progress.filter(({ phase }) => phase === "installed").length, names.length);

  if (requests) {
    const bundles = requests.filter((url) => new URL(url).pathname === "/bundle");
    assert.equal(bundles.length, 1, `one request for a bundle, not ${bundles.length}`);
    const others = requests.filter((url) => !/\/(bundle\?|client\/|pyodide\/)/.test(url) || /micropip|\.whl/.test(url));
    assert.deepEqual(others, [], "nothing else is fetched");
  }
}
