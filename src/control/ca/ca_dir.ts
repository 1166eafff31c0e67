import { ConfigError, messageOf } from "../../base/errors.ts";
import type { AuthorityFiles } from "./authority.ts";
import { CA_FILE_MAX_OCTETS } from "./limits.ts";

/** What {@link openCaDir} puts into an empty folder. */
export interface NewAuthority {
  readonly certificatePem: string;
  readonly keyPem: string;
}

/**
 * Reads `root-cert.pem` and `ca-key.pem` of a folder, and makes both when
 * neither is there. Any number of processes may do so at once: one makes them
 * under a lock, the others wait for it and read what it made. A start that died
 * between the two files is completed by the next.
 *
 * @throws {ConfigError} when the folder cannot be used or holds only one of
 * the two, or others may read the key.
 */
export async function openCaDir(
  dir: string,
  make: () => Promise<NewAuthority>,
): Promise<AuthorityFiles> {
  const paths = pathsIn(dir);
  try {
    const there = await readFiles(paths);
    if (there !== undefined) return there;
    await Deno.mkdir(dir, { recursive: true, mode: 0o700 });
    await underLock(paths.lock, () => makeFiles(paths, make));
    return await readFiles(paths) ?? missing(paths.certificate);
  } catch (reason) {
    if (reason instanceof ConfigError) throw reason;
    throw new ConfigError(
      `Cannot use --ca-dir "${dir}": ${messageOf(reason)}`,
      { cause: reason },
    );
  }
}

interface CaPaths {
  readonly certificate: string;
  readonly key: string;
  readonly lock: string;
}

const pathsIn = (dir: string): CaPaths => ({
  certificate: `${dir}/root-cert.pem`,
  key: `${dir}/ca-key.pem`,
  lock: `${dir}/.lock`,
});

/** Not yet published; a reader never sees a file half written. */
const unpublished = (path: string) => `${path}.new`;

/** The certificate is published last: where it is, the key must be too. */
async function readFiles(paths: CaPaths): Promise<AuthorityFiles | undefined> {
  const certificatePem = await readLimited(paths.certificate);
  if (certificatePem === undefined) return undefined;
  const keyPem = await readLimited(paths.key) ?? missing(paths.key);
  await checkPrivate(paths.key);
  return {
    certificatePath: paths.certificate,
    certificatePem,
    keyPath: paths.key,
    keyPem,
  };
}

async function makeFiles(
  paths: CaPaths,
  make: () => Promise<NewAuthority>,
): Promise<void> {
  if (await exists(paths.certificate)) return;
  if (!await exists(paths.key)) {
    const made = await make();
    await writeNew(paths.certificate, made.certificatePem, 0o644);
    await writeNew(paths.key, made.keyPem, 0o600);
    await publish(paths.key);
  } else if (!await exists(unpublished(paths.certificate))) {
    missing(paths.certificate);
  }
  await publish(paths.certificate);
}

const publish = (path: string) => Deno.rename(unpublished(path), path);

async function writeNew(path: string, text: string, mode: number) {
  await Deno.remove(unpublished(path)).catch(unlessNotFound);
  using file = await Deno.open(unpublished(path), {
    write: true,
    createNew: true,
    mode,
  });
  const octets = new TextEncoder().encode(text);
  for (let done = 0; done < octets.length;) {
    done += await file.write(octets.subarray(done));
  }
  await file.sync();
}

/** The kernel gives the lock back when its holder dies. */
async function underLock(path: string, run: () => Promise<void>) {
  using file = await Deno.open(path, {
    write: true,
    create: true,
    mode: 0o600,
  });
  await file.lock(true);
  await run();
}

async function readLimited(path: string): Promise<string | undefined> {
  const info = await Deno.stat(path).catch(unlessNotFound);
  if (info === undefined) return undefined;
  if (info.size > CA_FILE_MAX_OCTETS) {
    throw new ConfigError(
      `Cannot use "${path}": ${info.size} octets, at most ${CA_FILE_MAX_OCTETS} are read`,
    );
  }
  return await Deno.readTextFile(path);
}

async function checkPrivate(path: string): Promise<void> {
  const { mode } = await Deno.stat(path);
  if (mode === null || (mode & 0o077) === 0) return;
  throw new ConfigError(
    `Cannot use "${path}": its mode ${
      (mode & 0o777).toString(8)
    } lets others at the key, run chmod 600 on it`,
  );
}

const exists = async (path: string) =>
  await Deno.stat(path).catch(unlessNotFound) !== undefined;

function unlessNotFound(reason: unknown): undefined {
  if (!(reason instanceof Deno.errors.NotFound)) throw reason;
}

function missing(path: string): never {
  throw new ConfigError(
    `Cannot use "${path}": not there although the other file of --ca-dir is`,
  );
}
