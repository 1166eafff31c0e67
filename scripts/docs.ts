/**
 * The task `docs`: writes the pages of .github/docs that are made from the
 * source. They are committed, since people browse them; a test compares.
 *
 *     deno task docs
 */
import { configurationPage } from "./docs/configuration.ts";
import { limitsPage } from "./docs/limits.ts";
import { metricsPage } from "./docs/metrics.ts";
import { REPOSITORY } from "./steps.ts";

/** Where the pages are, from the repository's folder. */
export const DOCS = ".github/docs";

/** What makes each of them, before it is formatted. */
export const GENERATED_PAGES: ReadonlyMap<string, () => string> = new Map([
  ["configuration.md", configurationPage],
  ["limits.md", limitsPage],
  ["metrics.md", metricsPage],
]);

/** Brings Markdown into the shape that `deno fmt --check` wants. */
export async function formatMarkdown(text: string): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--ext", "md", "-"],
    cwd: REPOSITORY,
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const written = new Blob([text]).stream().pipeTo(child.stdin);
  const [{ success, stdout }] = await Promise.all([child.output(), written]);
  if (!success) throw new Error("format Markdown: deno fmt failed");
  return new TextDecoder().decode(stdout);
}

if (import.meta.main) {
  for (const [name, make] of GENERATED_PAGES) {
    const text = await formatMarkdown(make());
    await Deno.writeTextFile(`${REPOSITORY}/${DOCS}/${name}`, text);
  }
}
