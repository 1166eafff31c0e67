/** The files of a container runtime: its networks, and its plugins' programs. */
import { NotAListError } from "./chain_errors.ts";
import { CONF_BYTES_MAX } from "./limits.ts";

/** Names of the networks in a folder, in the order in which a runtime looks at them. */
export async function networkFiles(folder: string): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    const isConf = /^[^.].*\.(conf|conflist|json)$/.test(entry.name);
    if (!entry.isDirectory && isConf) names.push(entry.name);
  }
  return names.sort();
}

/** @throws {NotAListError} when it is too large or no UTF-8. */
export async function readConf(path: string): Promise<string> {
  const { size } = await Deno.stat(path);
  if (size > CONF_BYTES_MAX) {
    throw new NotAListError(path, `over ${CONF_BYTES_MAX} octets`);
  }
  try {
    const octets = await Deno.readFile(path);
    return new TextDecoder("utf-8", { fatal: true }).decode(octets);
  } catch (reason) {
    if (reason instanceof TypeError) {
      throw new NotAListError(path, "not UTF-8 text");
    }
    throw reason;
  }
}

/**
 * Puts a file in place in one step: whoever reads sees the old one or the new
 * one, and after a crash one of them is there.
 */
export async function replaceFile(
  path: string,
  content: string | Uint8Array,
  mode: number,
): Promise<void> {
  const [folder, name] = split(path);
  const temporary = `${folder}/.${name}.${Deno.pid}.tmp`;
  try {
    {
      using file = await Deno.open(temporary, {
        write: true,
        create: true,
        truncate: true,
        mode: 0o600,
      });
      const octets = typeof content === "string"
        ? new TextEncoder().encode(content)
        : content;
      let rest = octets;
      while (rest.length > 0) rest = rest.subarray(await file.write(rest));
      await file.sync();
    }
    await Deno.chmod(temporary, mode);
    await Deno.rename(temporary, path);
  } catch (reason) {
    await Deno.remove(temporary).catch(() => {});
    throw reason;
  }
}

/** @returns whether it was there. */
export async function removeFile(path: string): Promise<boolean> {
  try {
    await Deno.remove(path);
    return true;
  } catch (reason) {
    if (reason instanceof Deno.errors.NotFound) return false;
    throw reason;
  }
}

/** @returns undefined when there is none. */
export async function modeOf(path: string): Promise<number | undefined> {
  try {
    const { mode } = await Deno.stat(path);
    return mode === null ? undefined : mode & 0o777;
  } catch (reason) {
    if (reason instanceof Deno.errors.NotFound) return undefined;
    throw reason;
  }
}

function split(path: string): [folder: string, name: string] {
  const at = path.lastIndexOf("/");
  return [path.slice(0, at), path.slice(at + 1)];
}
