// A data worker that fails when it is told to: a file FOLDER/NODE-NAME says how,
// `close` (the thread is gone without a word), `hang` (it never comes back) or
// `throw` (something that nothing catches). FOLDER is HAIRPIN_TEST_TRIGGERS.

import "../../../src/worker/entry.ts";

const folder = Deno.env.get("HAIRPIN_TEST_TRIGGERS");
const POLL_MS = 20;

let asked = false;

// The thread's name is told with its settings only: a spy reads it on the way.
addEventListener("message", ({ data }: MessageEvent) => {
  if (data.kind !== "start") return;
  const { nodeName, name } = data.settings;
  setInterval(() => look(`${folder}/${nodeName}-${name}`), POLL_MS);
});

function look(path: string): void {
  const order = take(path);
  if (order === undefined || asked) return;
  asked = true;
  if (order === "close") close();
  if (order === "hang") hang();
  if (order === "throw") throw new Error("on the test's order");
}

/** Read once: the worker that comes next is not to follow the same order. */
function take(path: string): string | undefined {
  try {
    const order = Deno.readTextFileSync(path);
    Deno.removeSync(path);
    return order;
  } catch {
    return undefined;
  }
}

function hang(): never {
  while (true);
}
