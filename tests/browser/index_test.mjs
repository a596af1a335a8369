// The package index, asked across origins by Python in the browser, the way micropip asks.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launchBrowser, openApp, startServer } from "./harness.mjs";

/** @type {any} */
let server;
/** @type {any} */
let browser;

before(async () => {
  server = await startServer();
  browser = await launchBrowser(server);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

// Resolves a project and what it requires by the index alone, loads the wheels and works with them. `index` is the
// address of the index, `accept` what micropip 0.11 sends.
const program = `
import hashlib, io, json, re
from email.parser import HeaderParser
from pyodide.http import pyfetch
from pyodide_js import loadPackage

accept = "application/vnd.pypi.simple.v1+json, */*;q=0.01"

async def fetch_checked(url, sha256):
    content = await (await pyfetch(url)).bytes()
    assert hashlib.sha256(content).hexdigest() == sha256, url
    return content

async def install(name):
    visited, wanted, urls = [], [name], []
    while wanted:
        response = await pyfetch(f"{index}/{wanted.pop()}/?target=pyodide-0.29", headers={"accept": accept})
        assert response.headers["content-type"] == "application/vnd.pypi.simple.v1+json", response.headers
        visited.append(response.url)
        file = (await response.json())["files"][-1]
        metadata = await fetch_checked(file["url"] + ".metadata", file["core-metadata"]["sha256"])
        await fetch_checked(file["url"], file["hashes"]["sha256"])
        urls.append(file["url"])
        for requirement in HeaderParser().parsestr(metadata.decode()).get_all("Requires-Dist", []):
            if ";" not in requirement:
                wanted.append(re.match("[A-Za-z0-9._-]+", requirement).group())
    await loadPackage(urls)
    return visited

visited = await install("Python_Docx")
import docx
from importlib import metadata
from lxml import etree

document = docx.Document()
document.add_paragraph("by index")
saved = io.BytesIO()
document.save(saved)
saved.seek(0)
absent = await pyfetch(f"{index}/absent/", headers={"accept": accept})
json.dumps({
    "visited": visited,
    "text": docx.Document(saved).paragraphs[0].text,
    "count": etree.fromstring("<a><b/></a>").xpath("count(//b)"),
    "versions": [metadata.version(name) for name in ["python-docx", "lxml", "typing-extensions"]],
    "absent": [absent.status, (await absent.json())["title"]],
})
`;

test("Python in the browser installs by the index of another origin", async () => {
  const { page, problems } = await openApp(browser, server.plainURL);
  const index = `${server.url}simple`;
  assert.notEqual(new URL(index).origin, new URL(page.url()).origin);
  const text = await page.evaluate(
    async (/** @type {{plain: string, index: string, program: string}} */ { plain, index, program }) => {
      const { loadPyodide } = await import(`${plain}pyodide/pyodide.mjs`);
      const pyodide = await loadPyodide();
      pyodide.globals.set("index", index);
      return pyodide.runPythonAsync(program);
    },
    { plain: server.plainURL, index, program },
  );
  const result = JSON.parse(text);
  assert.deepEqual([...result.visited].sort(), [
    `${index}/lxml/?target=pyodide-0.29`,
    `${index}/python-docx/?target=pyodide-0.29`,
    `${index}/typing-extensions/?target=pyodide-0.29`,
  ]);
  assert.equal(result.text, "by index");
  assert.equal(result.count, 1);
  assert.deepEqual(result.versions, ["1.2.0", "5.4.0", "4.12.2"]);
  assert.deepEqual(result.absent, [404, "Not Found"]);
  assert.deepEqual(problems(), []);
});
