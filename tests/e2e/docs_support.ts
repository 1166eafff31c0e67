/** Types what a page says into a shell. */

/** The checkout, without a slash at its end. */
export const REPOSITORY_PATH = new URL("../..", import.meta.url).pathname
  .replace(/\/$/, "");

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * Puts a command `hairpin` into a folder: the binary that HAIRPIN_LAB_PROGRAM
 * names, or the source with the product's own permissions.
 *
 * @param folder Made here.
 * @returns a PATH that finds it first.
 */
export async function makeHairpinCommand(folder: string): Promise<string> {
  const binary = Deno.env.get("HAIRPIN_LAB_PROGRAM");
  const config = ["--config", `${REPOSITORY_PATH}/deno.json`];
  const program = binary ? [binary] : [
    ...[Deno.execPath(), "run", "--quiet", "-P", ...config],
    `${REPOSITORY_PATH}/main.ts`,
  ];
  await Deno.mkdir(folder, { recursive: true });
  const words = program.map(quote).join(" ");
  await Deno.writeTextFile(
    `${folder}/hairpin`,
    `#!/bin/sh\nexec ${words} "$@"\n`,
  );
  await Deno.chmod(`${folder}/hairpin`, 0o755);
  return `${folder}:${Deno.env.get("PATH") ?? ""}`;
}
