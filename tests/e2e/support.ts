/**
 * The mesh that end-to-end tests stand on: a lab with two nodes, hairpin from
 * source on both, and the pods of the guides.
 *
 *     node-1  sleep, notsleep      clients (curl runs in them)
 *     node-2  httpbin, echo        nginx on 8000, a TCP echo server on 9000
 *             outsider             on the wire, outside the mesh
 *
 * A test file starts one mesh and shares it, because a start takes seconds:
 *
 *     const meshTest = shareMesh({ workers: 2 });
 *     meshTest("a request by VIP reaches the pod", async (mesh) => {
 *       const reply = await mesh.get(mesh.sleep, mesh.urlOf(mesh.services.httpbin));
 *       assert.equal(reply.status, 200);
 *     });
 *
 * Tests of one file run one after the other and leave the mesh as they found
 * it: `mesh.withPolicy()` takes its policy away again. A test that must stop,
 * starve or restart a proxy has a mesh of its own: `withMesh(options, body)`.
 * Where a lab cannot be built the tests are skipped and their names say why.
 */

import {
  changeMesh,
  type HairpinOptions,
  type HairpinProcess,
  Lab,
  type LabPod,
  type LabService,
  labSkipReason,
  type Place,
  startEchoServer,
  startHttpServer,
  urlHost,
} from "../lab/mod.ts";

/** For both proxies; more pods are added to `mesh.lab` by the tests that need them. */
export type MeshOptions = HairpinOptions;

/** What curl saw. */
export interface Reply {
  /** 0 when a whole response came; else curl's own code (7 refused, 28 too late, 52 and 56 cut off). */
  readonly curlCode: number;
  /** HTTP status, 0 when there was no response. */
  readonly status: number;
  readonly body: string;
  readonly error: string;
}

export const HTTP_PORT = 8000;
export const ECHO_PORT = 9000;

/** A running mesh and what tests do with it. */
export class Mesh implements AsyncDisposable {
  private constructor(
    readonly lab: Lab,
    readonly pods: Readonly<
      Record<"sleep" | "notsleep" | "httpbin" | "echo", LabPod>
    >,
    readonly services: Readonly<Record<"httpbin" | "echo", LabService>>,
    /** hairpin on the clients' node. */
    readonly client: HairpinProcess,
    /** hairpin on the servers' node. */
    readonly server: HairpinProcess,
  ) {}

  /**
   * Builds all of it and waits until every pod is served.
   *
   * @param server Of the servers' proxy, when it differs from the clients'.
   */
  static async start(
    options: MeshOptions = {},
    server: MeshOptions = options,
  ): Promise<Mesh> {
    const lab = await Lab.create();
    try {
      const pods = await addPods(lab);
      const services = await addServices(lab);
      const proxies = await Promise.all([
        lab.startHairpin(lab.node("node-1"), options),
        lab.startHairpin(lab.node("node-2"), server),
      ]);
      const mesh = new Mesh(lab, pods, services, ...proxies);
      await mesh.#untilServed();
      return mesh;
    } catch (reason) {
      await lab[Symbol.asyncDispose]();
      throw reason;
    }
  }

  get sleep(): LabPod {
    return this.pods.sleep;
  }

  get notsleep(): LabPod {
    return this.pods.notsleep;
  }

  get httpbin(): LabPod {
    return this.pods.httpbin;
  }

  get echo(): LabPod {
    return this.pods.echo;
  }

  get proxies(): readonly HairpinProcess[] {
    return [this.client, this.server];
  }

  /** `http://IP:8000PATH` of a pod, or of a service by its cluster IP. */
  urlOf(target: LabPod | LabService, path = "/", family: 4 | 6 = 4): string {
    const ips = "vips" in target ? target.vips : target.ips;
    return `http://${
      urlHost(ips[family === 4 ? 0 : 1] ?? "")
    }:${HTTP_PORT}${path}`;
  }

  /** GET by curl from that place, with more of curl's arguments if wanted. */
  async get(
    from: Place,
    url: string,
    more: readonly string[] = [],
  ): Promise<Reply> {
    const format = "\n%{http_code}";
    const command = [
      "curl",
      "-sS",
      "--max-time",
      "10",
      "-w",
      format,
      ...more,
      url,
    ];
    const { code, stdout, stderr } = await this.lab.exec(from, command);
    const end = stdout.lastIndexOf("\n");
    return {
      curlCode: code,
      status: Number(stdout.slice(end + 1)),
      body: stdout.slice(0, Math.max(end, 0)),
      error: stderr.trim(),
    };
  }

  /** Puts a manifest into force, runs the body, and takes it away again. */
  async withPolicy(
    name: string,
    manifest: string | object,
    body: () => Promise<void>,
  ) {
    const { lab, proxies } = this;
    await changeMesh(
      proxies,
      `${name} in force`,
      () => lab.apply(name, manifest),
    );
    try {
      await body();
    } finally {
      await changeMesh(proxies, `${name} withdrawn`, () => lab.delete(name));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab[Symbol.asyncDispose]();
  }

  async #untilServed(): Promise<void> {
    for (const pod of Object.values(this.pods)) {
      const proxy = pod.node === "node-1" ? this.client : this.server;
      await proxy.untilPodUp(pod);
    }
  }
}

/** A test that is given the file's mesh. */
export type MeshTest = (
  name: string,
  body: (mesh: Mesh) => Promise<void>,
) => void;

const skip = await labSkipReason();

/** Starts one mesh for all tests of a file; call it once, at the top of the file. */
export function shareMesh(options: MeshOptions = {}): MeshTest {
  let shared: Mesh | undefined;
  if (skip === undefined) {
    Deno.test.beforeAll(async () => {
      shared = await Mesh.start(options);
    });
    Deno.test.afterAll(async () => {
      await shared?.[Symbol.asyncDispose]();
    });
  }
  return (name, body) =>
    labTest(name, async () => {
      if (shared === undefined) {
        throw new Error("the mesh of this file did not start");
      }
      await body(shared);
    });
}

/** Runs the body with a mesh of its own, which ends with it. */
export async function withMesh(
  options: MeshOptions,
  body: (mesh: Mesh) => Promise<void>,
): Promise<void> {
  await using mesh = await Mesh.start(options);
  await body(mesh);
}

/** A test that is skipped, and says why, where no lab can be built. */
export function labTest(name: string, body: () => Promise<void>): void {
  const full = skip === undefined ? name : `${name} (skipped: ${skip})`;
  Deno.test({ name: full, ignore: skip !== undefined, fn: body });
}

/** Waits until a condition holds that nothing announces. @throws when it does not in time (30 s by default). */
export async function eventually(
  what: string,
  test: () => Promise<boolean>,
  timeoutMs = EVENTUALLY_MS,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!await test()) {
    if (performance.now() > deadline) {
      throw new Error(`not within ${timeoutMs} ms: ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const EVENTUALLY_MS = 30_000;

async function addPods(lab: Lab) {
  const sleep = await lab.addPod({ name: "sleep", node: "node-1" });
  const notsleep = await lab.addPod({ name: "notsleep", node: "node-1" });
  const httpbin = await lab.addPod({ name: "httpbin", node: "node-2" });
  const echo = await lab.addPod({ name: "echo", node: "node-2" });
  await startHttpServer(lab, httpbin, HTTP_PORT);
  await startEchoServer(lab, echo, ECHO_PORT);
  return { sleep, notsleep, httpbin, echo };
}

async function addServices(lab: Lab) {
  const service = (name: string, port: number) =>
    lab.addService({
      name,
      selector: { app: name },
      ports: [{ port, targetPort: port }],
    });
  return {
    httpbin: await service("httpbin", HTTP_PORT),
    echo: await service("echo", ECHO_PORT),
  };
}
