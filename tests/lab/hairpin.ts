import { V8_FLAGS } from "../../scripts/v8_flags.ts";
import { inNamespace, LabError, must, run } from "./command.ts";
import { type AccessLine, parseAccessLog } from "./access_log.ts";
import type { ConfigDump } from "./config_dump.ts";
import type { Lab } from "./lab.ts";
import type { LabProcess } from "./lab_process.ts";
import { parseMetrics, type Sample } from "./metrics.ts";
import { parseRequestLog, type RequestLine } from "./request_log.ts";
import type { LabNode, LabPod, Place } from "./places.ts";

export interface HairpinOptions {
  /** Data-plane threads. Default 1: a lab shares few processors among several proxies. */
  readonly workers?: number;
  /** Of the process and its log, for a second one at a place. Default `hairpin-PLACE`. */
  readonly name?: string;
  /** More flags; one of the lab's own name replaces the lab's. Default: none. */
  readonly flags?: readonly string[];
  /** Added to the environment. Default: nothing. */
  readonly env?: Readonly<Record<string, string>>;
  /** `NAMESPACE/NAME` of the Gateway: waypoint mode. Default: node mode. */
  readonly gateway?: string;
  /** All objects come from the Kubernetes API that this file names. Default: from the lab's files. */
  readonly kubeconfig?: string;
  /** Who enrols pods. Default `self`. */
  readonly redirect?: "agent" | "self" | "node" | "none";
  /**
   * The program and its first arguments. Default: the source, with the product's
   * own permissions; the environment variable HAIRPIN_LAB_PROGRAM names a binary instead.
   */
  readonly program?: readonly string[];
  /** Do not wait for readiness. Default: wait. */
  readonly notReady?: boolean;
}

/** From a cold start with its modules still to be compiled, on a machine that is busy. */
const READY_WAIT_MS = 60_000;
const CONDITION_WAIT_MS = 30_000;
const POLL_MS = 50;
const REPOSITORY = new URL("../..", import.meta.url).pathname;

/** A hairpin that runs in a lab, and what its endpoints and its log say. */
export class HairpinProcess implements AsyncDisposable {
  readonly #redirects: boolean;

  /** @param redirects Whether it enrols pods itself. */
  constructor(
    readonly place: Place,
    readonly process: LabProcess,
    redirects: boolean,
  ) {
    this.#redirects = redirects;
  }

  /** The body of `GET :15000/PATH` (or another method), by curl in hairpin's own namespace. */
  admin(path: string, method = "GET"): Promise<string> {
    return this.#get(`http://127.0.0.1:15000${path}`, method);
  }

  /** `/config_dump` as an object. */
  async configDump(): Promise<ConfigDump> {
    return JSON.parse(await this.admin("/config_dump"));
  }

  /** Waits until `/config_dump` satisfies the test. @throws {LabError} when it does not in time. */
  async untilDump(
    what: string,
    test: (dump: ConfigDump) => boolean,
    timeoutMs: number = CONDITION_WAIT_MS,
  ): Promise<void> {
    await this.#until(
      what,
      async () => test(await this.configDump()),
      timeoutMs,
    );
  }

  /**
   * Waits until the pod's proxy is up here and, where hairpin itself enrols,
   * the pod is redirected to it, which follows a moment later: connections
   * between the two moments would miss the mesh, or meet it half-way.
   */
  async untilPodUp(pod: LabPod): Promise<void> {
    const isUp = (dump: ConfigDump) =>
      dump.workloadState[pod.uid]?.state === "Up";
    await this.untilDump(`${pod.name} up`, isUp);
    if (!this.#redirects) return;
    const { logStart: from } = this.process;
    const redirected = new RegExp(`\\tpod redirected\\tuid="${pod.uid}"`);
    await this.process.untilLog(redirected, { from });
  }

  /** Waits until a policy of that name is known here, or (`false`) no longer is. */
  untilPolicy(name: string, known = true): Promise<void> {
    const isSo = (dump: ConfigDump) =>
      dump.policies.some((policy) => policy.name === name) === known;
    return this.untilDump(
      `policy ${name} ${known ? "in" : "not in"} force`,
      isSo,
    );
  }

  /** All samples of `GET :15020/metrics`. */
  async metrics(): Promise<Sample[]> {
    return parseMetrics(
      await this.#get("http://127.0.0.1:15020/metrics", "GET"),
    );
  }

  /** The access log so far. */
  accessLog(): AccessLine[] {
    return parseAccessLog(this.process.log());
  }

  /** Waits for an access-log line that satisfies the test; the first one is returned. */
  untilAccess(
    what: string,
    test: (line: AccessLine) => boolean,
  ): Promise<AccessLine> {
    return this.#untilFound(what, () => this.accessLog().find(test));
  }

  /** The same in the log of a waypoint, which has a line for every request. */
  untilRequest(
    what: string,
    test: (line: RequestLine) => boolean,
  ): Promise<RequestLine> {
    const find = () => parseRequestLog(this.process.log()).find(test);
    return this.#untilFound(what, find);
  }

  /** True when the readiness endpoint answers 200. */
  async isReady(): Promise<boolean> {
    const url = "http://127.0.0.1:15021/healthz/ready";
    return (await run(this.#curl(url, "GET"))).code === 0;
  }

  /** @throws {LabError} with the last log lines when it ends before, or the time is up. */
  async untilReady(): Promise<void> {
    await this.#until("ready", () => this.isReady(), READY_WAIT_MS);
  }

  /** SIGTERM (drain), and SIGKILL when that takes too long. */
  stop(): Promise<Deno.CommandStatus> {
    return this.process.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #untilFound<T>(what: string, find: () => T | undefined): Promise<T> {
    let hit: T | undefined;
    await this.#until(what, () => {
      hit = find();
      return Promise.resolve(hit !== undefined);
    }, CONDITION_WAIT_MS);
    return hit as T;
  }

  async #until(
    what: string,
    test: () => Promise<boolean>,
    timeoutMs: number,
  ): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!await test()) {
      if (!this.process.running) {
        throw this.process.failure(`it ended, awaited: ${what}`);
      }
      if (performance.now() > deadline) {
        throw this.process.failure(`not in time: ${what}`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  async #get(url: string, method: string): Promise<string> {
    return await must(this.#curl(url, method));
  }

  #curl(url: string, method: string): string[] {
    const command = [
      "curl",
      "-sS",
      "--fail-with-body",
      "--max-time",
      "10",
      "-X",
      method,
      url,
    ];
    return inNamespace(this.place.netns, command);
  }
}

/** Starts hairpin at a node or in a waypoint's pod. */
export async function startHairpin(
  lab: Lab,
  place: LabNode | LabPod,
  options: HairpinOptions = {},
): Promise<HairpinProcess> {
  const { name = `hairpin-${place.name}` } = options;
  if (options.gateway !== undefined && !("node" in place)) {
    throw new LabError(`Cannot start "${name}": a waypoint runs in a pod`);
  }
  const command = [
    ...program(options),
    ...flags(lab, place, options),
    ...options.flags ?? [],
  ];
  const process = lab.start(place, name, command, {
    env: options.env ?? {},
    cwd: REPOSITORY,
  });
  const redirects = ["self", "node"].includes(redirectOf(options));
  const hairpin = new HairpinProcess(place, process, redirects);
  if (options.notReady !== true) await hairpin.untilReady();
  return hairpin;
}

function program(options: HairpinOptions): readonly string[] {
  if (options.program !== undefined) return options.program;
  const binary = Deno.env.get("HAIRPIN_LAB_PROGRAM");
  return binary
    ? [binary]
    : [Deno.execPath(), "run", "-P", V8_FLAGS, "main.ts"];
}

const redirectOf = ({ redirect, gateway }: HairpinOptions) =>
  redirect ?? (gateway === undefined ? "self" : "none");

/** The lab's own flags, but for those that the options give. */
function flags(
  lab: Lab,
  place: LabNode | LabPod,
  options: HairpinOptions,
): string[] {
  const nodeName = "node" in place ? place.node : place.name;
  const own = {
    ...(options.gateway === undefined
      ? { "--mode": "node", "--redirect": redirectOf(options) }
      : { "--mode": "waypoint", "--gateway": options.gateway }),
    ...options.kubeconfig === undefined
      ? { "--config": lab.configFolder }
      : { "--kube": options.kubeconfig },
    ...options.env?.["CA_ADDRESS"] === undefined
      ? { "--ca-dir": lab.caFolder }
      : {},
    "--node-name": nodeName,
    "--workers": `${options.workers ?? 1}`,
  };
  const given = options.flags ?? [];
  return Object.entries(own).filter(([name]) => !given.includes(name)).flat();
}
