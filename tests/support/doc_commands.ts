/** The commands that a page has its reader type, and the objects that it shows. */

const DRAWING = /[─│┌┐└┘►◄▼▲]/;
const MANIFEST = /^[a-z]\w*:/;

/** Indented blocks of a page, and fenced ones that are no script to run as a whole. */
function blocks(page: string): string[][] {
  const found: string[][] = [];
  let fence: "script" | "other" | undefined;
  let block: string[] | undefined;
  for (const line of page.split("\n")) {
    const mark = /^```(\w*)/.exec(line);
    if (mark !== null) {
      fence = fence !== undefined
        ? undefined
        : mark[1] === "sh"
        ? "script"
        : "other";
      block = undefined;
    } else if (fence === "other" || fence === undefined && /^ {4}/.test(line)) {
      if (block === undefined) found.push(block = []);
      block.push(fence === "other" ? line : line.slice(4));
    } else {
      block = undefined;
    }
  }
  return found;
}

/** Whether a block is neither a drawing nor an object in YAML. */
const isTyped = (block: readonly string[]): boolean =>
  !block.some((line) => DRAWING.test(line)) && !MANIFEST.test(block[0] ?? "");

/**
 * Every command of a page, in order. `\` at an end of line joins two; what
 * stands in a column beside a command, or behind ` # `, is left out.
 */
export const commandsOf = (page: string): readonly string[] =>
  blocks(page).filter(isTyped).flatMap((block) =>
    block.join("\n").replaceAll(/ *\\\n */g, " ").split("\n")
      .map((line) => line.replace(/ +# .*$| {2,}(?![-[ ]).*$/, "").trim())
      .map((line) => line.replaceAll(/ {2,}/g, " "))
      .filter((line) => line !== "")
  );

/** The objects in YAML that a page shows, each block as it stands. */
export const objectsOf = (page: string): readonly string[] =>
  blocks(page).filter((block) => MANIFEST.test(block[0] ?? ""))
    .map((block) => `${block.join("\n")}\n`);
