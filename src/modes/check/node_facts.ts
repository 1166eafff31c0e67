/** Facts about the node that no namespace of a pod has. */
import { HairpinError, messageOf } from "../../base/errors.ts";
import type { HostPort } from "../../config/mod.ts";
import { readKernelFile } from "../../sys/kernel_file.ts";
import type { DumpedAddress } from "../../view/mod.ts";
import { askAdmin } from "../ask_admin.ts";
import type { FoundChain, NetworkFile } from "./judge_chain.ts";
import type { KernelModules } from "./judge_kernel.ts";
import type { Asked } from "./judge_reports.ts";
import {
  MODULE_LIST_MAX,
  NETWORK_FILE_MAX,
  NETWORK_FILES_MAX,
} from "./limits.ts";
import { isInstalled } from "./gather.ts";

/** Programs without which something cannot be looked at, and where each comes from. */
const PROGRAMS = [
  ["ss", "iproute2"],
  ["ip", "iproute2"],
] as const;

export interface InstalledPrograms {
  /** Of those that are always needed, with the package of each. */
  readonly missing: readonly (readonly [program: string, package_: string])[];
  /** What can write rules. */
  readonly writers: readonly ("iptables" | "nft")[];
}

export async function installedPrograms(): Promise<InstalledPrograms> {
  const missing: (readonly [string, string])[] = [];
  for (const one of PROGRAMS) {
    if (!await isInstalled(one[0])) missing.push(one);
  }
  const iptables = await isInstalled("iptables-save");
  const nft = await isInstalled("nft");
  return {
    missing,
    writers: [
      ...iptables ? ["iptables" as const] : [],
      ...nft ? ["nft" as const] : [],
    ],
  };
}

/** Asks one of the proxy's own servers, which may listen on every address. */
export async function askServer(
  address: DumpedAddress,
  target: string,
): Promise<Asked | undefined> {
  const at = hostPortOf(address);
  return at && await askAt(at, target);
}

export async function askAt(at: HostPort, target: string): Promise<Asked> {
  try {
    return await askAdmin(at, target);
  } catch (reason) {
    if (reason instanceof HairpinError) return messageOf(reason);
    throw reason;
  }
}

function hostPortOf(address: DumpedAddress) {
  if (address === undefined) return undefined;
  if ("Localhost" in address) {
    return { host: "127.0.0.1", port: address.Localhost[1] };
  }
  const parts = /^\[?(.*?)\]?:(\d{1,5})$/.exec(address.SocketAddr);
  if (parts === null) return undefined;
  const [, host = "", port] = parts;
  const isEvery = host === "::" || host === "0.0.0.0";
  return { host: isEvery ? "127.0.0.1" : host, port: Number(port) };
}

export async function kernelModules(): Promise<KernelModules> {
  const release = Deno.osRelease();
  const folder = `/lib/modules/${release}`;
  return {
    release,
    loaded: readKernelFile("/proc/modules"),
    builtin: await textOf(`${folder}/modules.builtin`, MODULE_LIST_MAX),
    loadable: await textOf(`${folder}/modules.dep`, MODULE_LIST_MAX),
  };
}

/** The container runtime's networks, and the programs that they name. */
export async function foundChain(
  { netDir, binDir, wanted }: {
    readonly netDir: string;
    readonly binDir: string;
    readonly wanted: boolean;
  },
): Promise<FoundChain> {
  return {
    netDir,
    wanted,
    files: await networkFiles(netDir),
    programs: await executables(binDir),
  };
}

async function networkFiles(
  folder: string,
): Promise<readonly NetworkFile[] | undefined> {
  const names = await namesIn(folder);
  if (names === undefined) return undefined;
  const networks = names.filter((name) => NETWORK.test(name)).sort();
  return await Promise.all(
    networks.slice(0, NETWORK_FILES_MAX).map(async (name) => ({
      name,
      text: await textOf(`${folder}/${name}`, NETWORK_FILE_MAX),
    })),
  );
}

/** What runtimes take for networks. */
const NETWORK = /^[^.].*\.(?:conf|conflist|json)$/;

async function executables(
  folder: string,
): Promise<readonly string[] | undefined> {
  const names = await namesIn(folder);
  if (names === undefined) return undefined;
  const found = await Promise.all(names.map(async (name) => {
    const { mode } = await Deno.stat(`${folder}/${name}`).catch(() => ({
      mode: 0,
    }));
    return ((mode ?? 0) & 0o111) === 0 ? [] : [name];
  }));
  return found.flat();
}

async function namesIn(folder: string): Promise<string[] | undefined> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) =>
      name
    );
  } catch {
    return undefined; // it is not there, or not for us
  }
}

async function textOf(
  path: string,
  octetsMax: number,
): Promise<string | undefined> {
  try {
    const { size } = await Deno.stat(path);
    return size > octetsMax ? undefined : await Deno.readTextFile(path);
  } catch {
    return undefined; // it is not there, or not for us
  }
}
