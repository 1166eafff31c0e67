/** Which tests run with which rights. */
import { CORE } from "./lint/purity.ts";

/** Tests that are run by one `deno test`. */
export interface TestGroup {
  readonly name: string;
  /** Folders below the repository. */
  readonly folders: readonly string[];
  /** Permission flags. */
  readonly rights: readonly string[];
}

/** Folders whose tests need namespaces, real programs or other machines' software. */
export const SYSTEM_FOLDERS: readonly string[] = [
  "net",
  "interop",
  "e2e",
  "lab",
  "bench",
];

/** Folders without tests of their own. */
const SUPPORT_FOLDERS: readonly string[] = ["support", "suites"];

/**
 * The YAML library looks for these two when it reads a text, and does nothing
 * else with the environment.
 */
const YAML_RIGHTS = ["--allow-env=LOG_TOKENS,LOG_STREAM"];
const YAML_ROWS: readonly string[] = ["kube"];

/**
 * Sorts the folders of tests/ into groups; the core's run without any right, and
 * that they pass is the proof that it has no effects.
 *
 * @param folders names of the folders in tests/ that hold at least one test.
 */
export function planTests(folders: readonly string[]): {
  readonly unit: readonly TestGroup[];
  readonly system: readonly TestGroup[];
} {
  const group = (
    name: string,
    rights: readonly string[],
    takes: (folder: string) => boolean,
  ): readonly TestGroup[] => {
    const taken = folders.filter(takes).toSorted();
    if (taken.length === 0) return [];
    const paths = taken.map((folder) => `tests/${folder}`);
    return [{ name, folders: paths, rights }];
  };
  const isCore = (folder: string) => CORE.includes(folder);
  const isSystem = (folder: string) => SYSTEM_FOLDERS.includes(folder);
  const isSupport = (folder: string) => SUPPORT_FOLDERS.includes(folder);
  return {
    unit: [
      ...group(
        "tests of the core, without rights",
        [],
        (f) => isCore(f) && !YAML_ROWS.includes(f),
      ),
      ...group(
        "tests of the core that reads YAML",
        YAML_RIGHTS,
        (f) => isCore(f) && YAML_ROWS.includes(f),
      ),
      ...group(
        "other unit tests",
        ["-A"],
        (f) => !isCore(f) && !isSystem(f) && !isSupport(f),
      ),
    ],
    system: SYSTEM_FOLDERS.flatMap((name) =>
      group(`tests/${name}`, ["-A"], (folder) => folder === name)
    ),
  };
}

/** The arguments of `deno` for a group. */
export function testArgs(group: TestGroup): readonly string[] {
  return ["test", "--no-prompt", ...group.rights, ...group.folders];
}

/** Names of the folders in `tests` that hold a test file, at any depth. */
export async function foldersWithTests(tests: string): Promise<string[]> {
  const folders: string[] = [];
  for await (const entry of Deno.readDir(tests)) {
    if (entry.isDirectory && await holdsTest(`${tests}/${entry.name}`)) {
      folders.push(entry.name);
    }
  }
  return folders;
}

async function holdsTest(folder: string): Promise<boolean> {
  for await (const entry of Deno.readDir(folder)) {
    if (entry.isFile && entry.name.endsWith("_test.ts")) return true;
    if (entry.isDirectory && await holdsTest(`${folder}/${entry.name}`)) {
      return true;
    }
  }
  return false;
}
