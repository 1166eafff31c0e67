/** What is put into the folder of plugins: this program, or what starts it. */

/**
 * @returns the compiled program whole, since a runtime may not see the place that
 * it lies in; a script where it runs from source.
 */
export async function pluginProgram(): Promise<string | Uint8Array> {
  if (Deno.build.standalone) return await Deno.readFile(Deno.execPath());
  const local = (path: string) =>
    decodeURIComponent(new URL(path, import.meta.url).pathname);
  const words = [
    Deno.execPath(),
    "run",
    "--quiet",
    "-P",
    "--config",
    local("../../../deno.json"),
    local("../../../main.ts"),
  ];
  return `#!/bin/sh\nexec ${words.map(quoted).join(" ")}\n`;
}

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
