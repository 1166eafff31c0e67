/** A node on which pods are enrolled without an agent, and without serving anything. */
import assert from "node:assert/strict";
import type { PodHost, PodOrder } from "../../src/control/pod_host.ts";
import {
  SelfEnrolment,
  type SelfEnrolmentOptions,
} from "../../src/control/self_enrolment.ts";
import type { NodePod } from "../../src/kube/mod.ts";
import {
  backendsHolding,
  chooseIptables,
  DEFAULT_PROBE_SOURCES,
  DEFAULT_REDIRECT_OPTIONS,
  HostRules,
  type RedirectOptions,
  verifyRedirect,
} from "../../src/redirect/mod.ts";
import { runCommand } from "../../src/sys/command.ts";
import { closeFd } from "../../src/sys/libc.ts";
import { netnsId } from "../../src/sys/netns.ts";
import { createLogging } from "../../src/telemetry/log.ts";
import { ip } from "./sample_mesh.ts";
import type { TestNetns } from "./test_netns.ts";

/** What the rules of these pods are written with, unless a test says otherwise. */
export const backend = await chooseIptables(runCommand, {
  ipv6: true,
  forced: "nft",
});

/** A host that serves nothing, and notes in what state a pod came and went. */
class Host implements PodHost {
  readonly notes: string[] = [];
  readonly #pods = new Map<string, string>();
  /** What the next order fails with. */
  refuses: string | undefined;
  readonly #netnses: readonly TestNetns[];

  constructor(netnses: readonly TestNetns[]) {
    this.#netnses = netnses;
  }

  async add({ uid, netns }: PodOrder): Promise<void> {
    assert.ok(netns !== undefined);
    const id = netnsId(netns);
    closeFd(netns);
    this.notes.push(`add ${uid} ${await this.#rules(id)}`);
    if (this.refuses !== undefined) throw new Error(this.refuses);
    this.#pods.set(uid, id);
  }

  async remove(uid: string): Promise<void> {
    const id = this.#pods.get(uid);
    this.#pods.delete(uid);
    this.notes.push(
      `remove ${uid} ${id === undefined ? "unknown" : await this.#rules(id)}`,
    );
  }

  running(): string[] {
    return [...this.#pods.keys()];
  }

  async #rules(id: string): Promise<string> {
    const netns = this.#netnses.find(({ fd }) => netnsId(fd) === id)!;
    return await hasRules(netns) ? "redirected" : "plain";
  }
}

/** Whether anything of a redirector is there. */
export const hasRules = async ({ fd }: TestNetns): Promise<boolean> =>
  (await backendsHolding(fd)).length > 0;

/** What keeps a pod from being redirected, without DNS capture. */
export const differences = (
  netns: TestNetns,
  options: Partial<RedirectOptions> = {},
) =>
  verifyRedirect({
    netns: netns.fd,
    backend,
    options: { ...DEFAULT_REDIRECT_OPTIONS, dnsCapture: false, ...options },
  });

/** A node of its own, and an enrolment on it. */
export class TestNode implements AsyncDisposable {
  readonly host: Host;
  readonly enrolment: SelfEnrolment;
  readonly turns: string[][] = [];
  readonly #lines: string[] = [];
  readonly #node: TestNetns;

  constructor(
    node: TestNetns,
    pods: readonly TestNetns[],
    fields: Partial<SelfEnrolmentOptions> = {},
  ) {
    this.#node = node;
    this.host = new Host(pods);
    const logging = createLogging({
      format: "plain",
      filter: "debug",
      write: (text) => this.#lines.push(text),
      now: () => new Date(0),
    });
    this.enrolment = new SelfEnrolment({
      host: this.host,
      backend,
      hostRules: new HostRules({
        netns: node.fd,
        backend,
        ipv6: true,
        owner: { name: "test", probeSources: DEFAULT_PROBE_SOURCES },
      }),
      ipv6: true,
      dnsCapture: false,
      log: logging.scope("inpod"),
      onTurn: (failing) => this.turns.push([...failing.values()]),
      ...fields,
    });
  }

  /** Addresses that the node's own processes may probe. */
  async probed(): Promise<string[]> {
    const text = await this.#node.sh("iptables-nft-save -t nat");
    return [...text.matchAll(/-d (10\.[\d.]+)/g)].map(([, found]) => found!);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.enrolment[Symbol.dispose]();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

/** A pod of the node, in that namespace. */
export const podIn = (
  netns: { readonly path: string },
  fields: Partial<NodePod> = {},
): NodePod => ({
  uid: "u1",
  name: "web",
  namespace: "ns1",
  serviceAccount: "web",
  netnsPath: netns.path,
  ips: [ip("10.77.0.2")],
  overrides: { bypassInboundCapture: false, rerouteVirtualInterfaces: [] },
  ...fields,
});
