/** The runtime that a compiled program is appended to. */

/** What hairpin is compiled for. */
export const TARGETS = {
  amd64: "x86_64-unknown-linux-gnu",
  arm64: "aarch64-unknown-linux-gnu",
} as const;

export type Arch = keyof typeof TARGETS;

/** `e_machine` of an ELF file for each. */
const MACHINES: Readonly<Record<Arch, number>> = { amd64: 62, arm64: 183 };

/** Where `deno compile` takes the base from. */
export type Base =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "cache" }
  | { readonly kind: "missing"; readonly why: string };

/** What the search needs to know of the machine. */
export interface Machine {
  get(name: string): string | undefined;
  exists(path: string): boolean;
  /** The first octets of a file. */
  head(path: string): Uint8Array;
  /** Deno's folder of caches. */
  readonly denoDir: string;
  readonly denoVersion: string;
}

/** Finds a base without any network: DENORT_BIN (or, for one of several targets, DENORT_BIN_ARM64 …), else Deno's cache. */
export function findBase(arch: Arch, machine: Machine): Base {
  const named = [`DENORT_BIN_${arch.toUpperCase()}`, "DENORT_BIN"]
    .find((name) => (machine.get(name) ?? "") !== "");
  if (named !== undefined) return checkFile(named, arch, machine);
  const { denoDir, denoVersion } = machine;
  const cached = `${denoDir}/dl/release/v${denoVersion}/denort-${
    TARGETS[arch]
  }.zip`;
  return machine.exists(cached)
    ? { kind: "cache" }
    : { kind: "missing", why: missing(arch, denoVersion) };
}

function checkFile(name: string, arch: Arch, machine: Machine): Base {
  const path = machine.get(name)!;
  const wrong = (why: string) => ({
    kind: "missing" as const,
    why: `Cannot use ${name} "${path}": ${why}`,
  });
  if (!machine.exists(path)) return wrong("no such file");
  const head = machine.head(path);
  const isElf = [0x7f, 0x45, 0x4c, 0x46].every((octet, at) =>
    head[at] === octet
  );
  if (!isElf || head.length < 20) return wrong("no ELF program");
  const found = head[18]! | head[19]! << 8;
  if (found === MACHINES[arch]) return { kind: "file", path };
  return wrong(`its machine is ${found}, ${arch} is ${MACHINES[arch]}`);
}

const missing = (arch: Arch, version: string): string =>
  `Cannot compile for ${arch}: no runtime base; set DENORT_BIN_${arch.toUpperCase()} to the denort of Deno ${version} for ${
    TARGETS[arch]
  } (a file of Deno's own release), or let Deno fetch it with --fetch`;
