/** Runs of hairpin with the rights of its manifests, and with fewer. */
import { parse, stringify } from "yaml";
import type { ControlPlane } from "../lab/control_plane/mod.ts";
import type { HairpinProcess } from "../lab/mod.ts";
import {
  grants,
  type Manifest,
  MANIFESTS,
  parseManifests,
  type Right,
  rightsOf,
  titleOf,
} from "../support/manifests.ts";
import { eventually } from "./support.ts";

export interface RightsCase {
  readonly plane: ControlPlane;
  /** Folder below the manifests. */
  readonly folder: string;
  /** The manifest's own. */
  readonly account: Account;
  /** Undoes what an earlier run wrote. */
  prepare(): Promise<void>;
  /** @param caps Capabilities that the manifest gives the container. */
  start(kubeconfig: string, caps: readonly string[]): Promise<HairpinProcess>;
}

export interface Account {
  readonly name: string;
  readonly namespace: string;
}

const WAIT_MS = 90_000;

/** Which rights a run has, and which it must miss first. */
const PARTS: readonly [
  name: string,
  granted: readonly string[],
  missed: readonly string[],
][] = [
  ["none", [], ["list"]],
  ["list", ["list"], ["watch"]],
  ["read", ["list", "watch"], ["patch", "create"]],
];

/** The objects of a folder of manifests, as kubectl would apply them. */
export async function manifestsIn(
  plane: ControlPlane,
  folder: string,
): Promise<Manifest[]> {
  const yaml = await plane.kubectl(["kustomize", `${MANIFESTS}/${folder}`]);
  return parseManifests(yaml);
}

/** With a part of the rights: whatever is not granted is refused. @returns all rights of the manifests, and those that were missed. */
export async function missedRights(
  test: RightsCase,
): Promise<{ rights: readonly Right[]; missed: readonly Right[] }> {
  const objects = await manifestsIn(test.plane, test.folder);
  const rights = rightsOf(objects);
  const missed: Right[] = [];
  for (const [name, granted, missing] of PARTS) {
    const prefix = test.folder.replaceAll("_", "-");
    const account = { ...test.account, name: `${prefix}-${name}` };
    const expected = rights.filter(({ verb }) => missing.includes(verb));
    const some = rights.filter(({ verb }) => granted.includes(verb));
    if (some.length > 0) await test.plane.apply(...grants(some, account));
    await test.prepare();
    await within({ ...test, account }, async (hairpin) => {
      const { plane } = test;
      await answered({ plane, account }, hairpin, expected, isRefused);
    });
    missed.push(...expected);
  }
  return { rights, missed };
}

/** With the manifest's own account: every right is used. @returns what was refused all the same. */
export async function refusedRequests(test: RightsCase): Promise<string[]> {
  const objects = await manifestsIn(test.plane, test.folder);
  await test.plane.apply(...objects);
  await test.prepare();
  await within(test, async (hairpin) => {
    const rights = rightsOf(objects);
    await answered(test, hairpin, rights, (code) => code < 300);
    await eventually("ready", () => hairpin.isReady(), WAIT_MS);
  });
  return test.plane.audit(userOf(test.account))
    .filter(({ code }) => isRefused(code)).map(titleOf);
}

const isRefused = (code: number): boolean => code === 401 || code === 403;

const userOf = ({ namespace, name }: Account): string =>
  `system:serviceaccount:${namespace}:${name}`;

/** Waits until each of these was asked for and answered so. @throws with those that were not. */
async function answered(
  { plane, account }: Pick<RightsCase, "plane" | "account">,
  { process }: HairpinProcess,
  rights: readonly Right[],
  isSo: (code: number) => boolean,
): Promise<void> {
  const left = () => {
    const seen = new Set(
      plane.audit(userOf(account)).filter(({ code }) => isSo(code))
        .map(titleOf),
    );
    return rights.map(titleOf).filter((title) => !seen.has(title));
  };
  const over = () => Promise.resolve(left().length === 0 || !process.running);
  await eventually("every request", over, WAIT_MS).catch(() => {});
  if (left().length === 0) return;
  throw process.failure(`nobody answered so: ${left().join(", ")}`);
}

/** Runs hairpin as an account, with the capabilities of its manifest, and stops it. */
async function within(
  test: RightsCase,
  body: (hairpin: HairpinProcess) => Promise<void>,
): Promise<void> {
  const kubeconfig = await kubeconfigOf(test.plane, test.account);
  const objects = await manifestsIn(test.plane, test.folder);
  await using hairpin = await test.start(kubeconfig, capabilitiesOf(objects));
  await body(hairpin);
}

/** A kubeconfig with a token of the account, which is made where it is not there. */
export async function kubeconfigOf(
  plane: ControlPlane,
  { name, namespace }: Account,
): Promise<string> {
  await plane.apply({
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name, namespace },
  });
  const args = ["create", "token", name, "-n", namespace, "--duration=1h"];
  const token = (await plane.kubectl(args)).trim();
  const config = parse(await Deno.readTextFile(plane.kubeconfig));
  config.users[0].user = { token };
  const path = `${plane.folder}/kubeconfig-${namespace}-${name}`;
  await Deno.writeTextFile(path, stringify(config));
  return path;
}

interface Workload {
  readonly template: {
    readonly spec: {
      readonly containers: readonly {
        readonly securityContext: {
          readonly capabilities: { readonly add?: readonly string[] };
        };
      }[];
    };
  };
}

function capabilitiesOf(objects: readonly Manifest[]): readonly string[] {
  const { spec } = objects.find(({ kind }) =>
    kind === "DaemonSet" || kind === "Deployment"
  )!;
  const [container] = (spec as Workload).template.spec.containers;
  return container!.securityContext.capabilities.add ?? [];
}

/** The source, run as root with these capabilities and no others. */
export function programWith(caps: readonly string[]): string[] {
  const bounding = ["-all", ...caps.map((cap) => `+${cap.toLowerCase()}`)];
  return [
    ...["setpriv", `--bounding-set=${bounding.join(",")}`, "--inh-caps=-all"],
    ...["--", Deno.execPath(), "run", "-P", "main.ts"],
  ];
}
