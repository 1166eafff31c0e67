/** Configuration files and folders of them, read whole and within limits. */
import { ConfigError, messageOf } from "../base/errors.ts";
import { CONFIG_FILE_BYTES_MAX, CONFIG_FILES_MAX } from "./config_limits.ts";

/**
 * Reads the files, and every `.yaml`, `.yml` and `.json` that lies in a folder;
 * not in folders below it, and none whose name starts with a dot.
 *
 * @returns Texts by path, in the order of `paths` and of names.
 * @throws {ConfigError} when a path cannot be read, or a folder has no such file.
 */
export async function readConfigTexts(
  paths: readonly string[],
): Promise<Map<string, string>> {
  const files: string[] = [];
  for (const path of paths) files.push(...await filesAt(path));
  if (files.length > CONFIG_FILES_MAX) {
    throw new ConfigError(
      `Cannot use "${paths.join(", ")}": over ${CONFIG_FILES_MAX} files`,
    );
  }
  const texts = new Map<string, string>();
  for (const file of files) texts.set(file, await readConfigText(file));
  return texts;
}

/** @throws {ConfigError} when the file cannot be read, is too large or not UTF-8. */
export async function readConfigText(file: string): Promise<string> {
  const { size } = await stat(file);
  if (size > CONFIG_FILE_BYTES_MAX) {
    throw new ConfigError(
      `Cannot use "${file}": over ${CONFIG_FILE_BYTES_MAX} bytes`,
    );
  }
  try {
    return new TextDecoder("utf-8", { fatal: true })
      .decode(await Deno.readFile(file));
  } catch (reason) {
    throw reason instanceof TypeError
      ? new ConfigError(`Cannot use "${file}": not UTF-8 text`)
      : unreadable(file, reason);
  }
}

async function filesAt(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory) return [path];
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(path)) {
    if (!isDirectory && CONFIG_NAME.test(name)) names.push(name);
  }
  if (names.length === 0) {
    throw new ConfigError(
      `Cannot use "${path}": no .yaml, .yml or .json file in the folder`,
    );
  }
  return names.sort().map((name) => `${path.replace(/\/+$/, "")}/${name}`);
}

const CONFIG_NAME = /^[^.].*\.(yaml|yml|json)$/;

async function stat(path: string): Promise<Deno.FileInfo> {
  try {
    return await Deno.stat(path);
  } catch (reason) {
    throw unreadable(path, reason);
  }
}

function unreadable(path: string, reason: unknown): ConfigError {
  if (reason instanceof Deno.errors.NotFound) {
    return new ConfigError(`Cannot use "${path}": no such file or folder`);
  }
  if (reason instanceof Deno.errors.PermissionDenied) {
    return new ConfigError(`Cannot use "${path}": permission denied`);
  }
  return new ConfigError(`Cannot use "${path}": ${messageOf(reason)}`);
}
