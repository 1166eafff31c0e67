/** The ways to write rules: each is a rule set of its own in the kernel. */
import { chooseIptables, type Iptables, type Run, tried } from "./binary.ts";
import { RedirectError } from "./errors.ts";
import { NFTABLES, type Nftables } from "./nft/programs.ts";

export type Backend = Iptables | Nftables;

export type BackendName = "iptables-legacy" | "iptables-nft" | "nftables";

/** This one or none; `auto` is what the node uses already. */
export type BackendChoice = BackendName | "auto";

export interface BackendOptions {
  /** Whether IPv6 has to be written too. */
  readonly ipv6: boolean;
  /** Default `auto`. */
  readonly choice?: BackendChoice;
}

export const nameOfBackend = (backend: Backend): BackendName =>
  backend.kind === "nftables" ? "nftables" : `iptables-${backend.variant}`;

/**
 * Chooses how to write rules. By itself it takes iptables as
 * {@link chooseIptables} finds it, and nftables where there is no iptables.
 *
 * @throws {RedirectError} when the one asked for, or any, cannot be used.
 */
export async function chooseBackend(
  run: Run,
  { ipv6, choice = "auto" }: BackendOptions,
): Promise<Backend> {
  switch (choice) {
    case "nftables":
      return await usableNft(run);
    case "iptables-legacy":
      return await chooseIptables(run, { ipv6, forced: "legacy" });
    case "iptables-nft":
      return await chooseIptables(run, { ipv6, forced: "nft" });
    case "auto":
      return await anyBackend(run, ipv6);
    default:
      throw new Error(`unhandled: ${choice satisfies never}`);
  }
}

async function anyBackend(run: Run, ipv6: boolean): Promise<Backend> {
  try {
    return await chooseIptables(run, { ipv6 });
  } catch (reason) {
    if (!(reason instanceof RedirectError)) throw reason;
    return await usableNft(run).catch(() => {
      throw reason;
    });
  }
}

async function usableNft(run: Run): Promise<Nftables> {
  const result = await tried(run, NFTABLES.nft, ["-j", "list", "tables"]);
  const said = result === undefined
    ? "no such program"
    : `${result.stdout}${result.stderr}`.trim().split("\n")[0];
  if (result?.exitCode === 0) return NFTABLES;
  throw new RedirectError(
    `Cannot use nftables: ${said} (hint: install the nftables package, with JSON support, and run with CAP_NET_ADMIN)`,
  );
}
