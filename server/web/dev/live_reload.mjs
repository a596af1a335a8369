/**
 * Loads the page again when a file of the app or a wheel has changed. `wheelbarrow dev --live-reload` adds it to pages.
 *
 * @module
 */

const changes = new URL("changes", import.meta.url);
/** What the server held when it sent the page: what has changed since may have done so before this module runs. */
const first = new URL(import.meta.url).searchParams.get("seen");

/** What the server holds, in one word; nothing while it can't be reached. */
async function look() {
  try {
    const answer = await fetch(changes, { cache: "no-store" });
    return answer.ok ? await answer.text() : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the page itself is there: an error's page would not load itself again. */
async function isThere() {
  try {
    return (await fetch(location.href, { method: "HEAD", cache: "no-store" })).ok;
  } catch {
    return false;
  }
}

let before;
for (;;) {
  await new Promise((resolve) => setTimeout(resolve, 250));
  const now = await look();
  // Not while something is still being written.
  if (now !== undefined && now !== first && now === before && (await isThere())) {
    location.reload();
    break;
  }
  before = now;
}

export {};
