/**
 * What the landing page can do more with JavaScript: show the bundle's address as it is typed, and copy snippets.
 * The page says and does everything else without it.
 *
 * @module
 */

const form = /** @type {HTMLFormElement} */ (document.querySelector("#make form"));
const address = /** @type {HTMLElement} */ (document.querySelector("#address"));
const anchor = /** @type {HTMLAnchorElement} */ (address.querySelector("a"));

function showAddress() {
  const fields = new FormData(form);
  const url = new URL("./bundle", document.baseURI);
  const lines = String(fields.get("r")).split("\n");
  for (const requirement of lines.map((line) => line.trim()).filter((line) => line !== "")) {
    url.searchParams.append("r", requirement);
  }
  for (const name of ["target", "format"]) {
    url.searchParams.append(name, String(fields.get(name)));
  }
  if (fields.get("bytecode")) {
    url.searchParams.append("bytecode", String(fields.get("bytecode")));
  }
  const strip = fields.getAll("strip").join(",");
  if (strip !== "") {
    url.searchParams.append("strip", strip);
  }
  address.hidden = !url.searchParams.has("r");
  anchor.href = url.href;
  anchor.textContent = url.href;
}

/** @param {HTMLElement} snippet */
function addCopyButton(snippet) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(snippet.textContent ?? "");
      button.textContent = "Copied";
    } catch {
      // Refused, for example by the reader: leave the text selected for their own hands.
      getSelection()?.selectAllChildren(snippet);
      button.textContent = "Selected";
    }
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
  snippet.after(button);
}

form.addEventListener("input", showAddress);
showAddress();
// Absent where the page isn't a secure context.
if (navigator.clipboard) {
  document.querySelectorAll("pre").forEach(addCopyButton);
}
