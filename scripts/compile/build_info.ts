/** What a compiled program tells of its making. */
import type { Build } from "../../src/modes/build.ts";

/** Where the build's module is, in the repository and in what is compiled. */
export const BUILD_MODULE = "src/modes/build.ts";

/**
 * The commit, and the moment of the build (SOURCE_DATE_EPOCH where that is set,
 * so that two builds of one commit can be the same).
 *
 * @param git Runs git in the repository; undefined when it fails.
 */
export async function readBuild(
  git: (...args: string[]) => Promise<string | undefined>,
  get: (name: string) => string | undefined,
  nowMs: number,
): Promise<Build> {
  const commit = get("GITHUB_SHA") ?? await git("rev-parse", "HEAD");
  // Of the product: taking libraries from JSR changes deno.json.
  const changed = await git("status", "--porcelain", "--", "main.ts", "src");
  const epoch = get("SOURCE_DATE_EPOCH");
  const ms = epoch === undefined ? nowMs : Number(epoch) * 1_000;
  return {
    commit: `${commit ?? "unknown"}${changed ? "-changed" : ""}`,
    date: new Date(ms).toISOString().replace(/\.\d+Z$/, "Z"),
  };
}

/** The text of the module that stands in for {@link BUILD_MODULE}. */
export const buildModule = (build: Build): string =>
  `export const BUILD = ${JSON.stringify(build)};\n`;
