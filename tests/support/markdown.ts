/** What a page of documentation says that can be held against the code. */

/** The code blocks of a page, fenced or indented, line by line; `\` at an end joins two. */
export function codeLines(page: string): readonly string[] {
  const lines: string[] = [];
  let fenced = false;
  for (const line of page.split("\n")) {
    if (/^\s*```/.test(line)) fenced = !fenced;
    else if (fenced || /^ {4}/.test(line)) lines.push(line.trim());
  }
  return lines.join("\n").replaceAll(/ *\\\n */g, " ").split("\n");
}

/** The fenced blocks of a page that a shell is to run as they are, each with its last line end. */
export const scripts = (page: string): readonly string[] =>
  Array.from(
    page.matchAll(/^```sh\n([^]*?)^```$/gm),
    ([, text]) => text!,
  );

/** The page without its code blocks. */
export function proseOf(page: string): string {
  let fenced = false;
  return page.split("\n").filter((line) => {
    const isFence = /^\s*```/.test(line);
    if (isFence) fenced = !fenced;
    return !isFence && !fenced && !/^ {4}/.test(line);
  }).join("\n");
}

/** Texts between backticks, those of tables too; a line end in one is a space. */
export const codeSpans = (page: string): readonly string[] =>
  Array.from(
    proseOf(page).matchAll(/`([^`]+)`/g),
    ([, text]) => text!.replaceAll(/\s*\n\s*/g, " ").replaceAll("\\|", "|"),
  );

/** Texts between backticks that a reader cannot copy as they stand: a line ends within. */
export const brokenSpans = (page: string): readonly string[] =>
  Array.from(proseOf(page).matchAll(/`([^`]+)`/g), ([, text]) => text!)
    .filter((text) => text.includes("\n"));

/** Targets of links. */
export const links = (page: string): readonly string[] =>
  Array.from(
    proseOf(page).matchAll(/\]\(([^)\s]+)\)/g),
    ([, target]) => target!,
  );

/** Names by which headings are linked to, as GitHub makes them. */
export const anchors = (page: string): readonly string[] =>
  Array.from(
    proseOf(page).matchAll(/^#+ +(.*)$/gm),
    ([, title]) =>
      title!.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
  );

/** One call of hairpin, as a page shows it. */
export interface HairpinCall {
  /** `NAME=value`, as they stand before it. */
  readonly variables: readonly string[];
  /** What stands behind it. */
  readonly usage: string;
}

const COMMAND =
  /^(?:.*\s-- |((?:[A-Z0-9_]+=\S+ )*)(?:\.\/scripts\/dev )?)hairpin +([-a-z].*)$/;

/** Every call of hairpin in the code blocks of a page, without comments, what stands in a column beside it, and where its output goes. */
export const hairpinCalls = (page: string): readonly HairpinCall[] =>
  codeLines(page).flatMap((line) => {
    const [, variables = "", usage] = COMMAND.exec(line) ?? [];
    return usage === undefined ? [] : [{
      variables: variables.split(" ").filter((text) => text !== ""),
      usage: usage.replace(/ +#.*$| +>.*$| {2,}(?![-[ ]).*$/, ""),
    }];
  });

/** `[a | b]` is a, b, or nothing; `a|b` in a word is a or b. All that is meant, typed out. */
export function expandUsage(usage: string): readonly string[] {
  const group = /\[([^[\]]*)\] ?/.exec(usage);
  if (group !== null) {
    const before = usage.slice(0, group.index);
    const after = usage.slice(group.index + group[0].length);
    return ["", ...group[1]!.split(" | ")]
      .flatMap((choice) => expandUsage(`${before}${choice} ${after}`));
  }
  const word = /\S+\|\S+/.exec(usage);
  if (word === null) return [usage.trim().replaceAll(/ +/g, " ")];
  const before = usage.slice(0, word.index);
  const after = usage.slice(word.index + word[0].length);
  return word[0].split("|").flatMap((choice) =>
    expandUsage(`${before}${choice}${after}`)
  );
}
