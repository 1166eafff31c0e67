/**
 * The mesh of waypoint_support.ts, and on node-2 a pod `app` whose service the
 * waypoint fronts, and a pod `auth` with authorizers and a server of keys; see
 * programs/auth_servers.ts.
 */
import { stringify } from "yaml";
import type { LabPod, LabProcess, LabService } from "../lab/mod.ts";
import { untilListening } from "../lab/servers.ts";
import { type Call, call } from "./calls.ts";
import { USE_WAYPOINT, WaypointMesh } from "./waypoint_support.ts";

export const APP_PORT = 8001;
export const ECHO_PORT = 9001;

/** The ports of servers in the pod `auth`, and one that nobody listens on. */
const AUTH_PORTS = { http: 8002, keys: 8003, grpc: 9000, nobody: 8999 };

type ServerKind = "app" | "echo" | "keys" | "http" | "grpc";

/** What the application saw of a request. */
export interface Seen {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A reply, with what the application says of the request, where that answered. */
export interface Answer extends Call {
  readonly headers: string;
  readonly seen: Seen | undefined;
}

export class AuthMesh implements AsyncDisposable {
  readonly #servers = new Map<ServerKind, LabProcess>();

  private constructor(
    readonly mesh: WaypointMesh,
    readonly app: LabPod,
    readonly auth: LabPod,
    readonly service: LabService,
  ) {}

  static async start(): Promise<AuthMesh> {
    const mesh = await WaypointMesh.start();
    try {
      const { lab } = mesh;
      // It would deny every connection that is not HTTP.
      await lab.delete("policy-secret");
      const app = await lab.addPod({ name: "app", node: "node-2" });
      const auth = await lab.addPod({ name: "auth", node: "node-2" });
      const service = await addServices(mesh);
      await lab.apply("mesh-config", meshConfig());
      await Deno.writeTextFile(keysFile(mesh), '{"keys":[]}');
      const all = new AuthMesh(mesh, app, auth, service);
      for (const kind of ["app", "echo", "keys", "http", "grpc"] as const) {
        await all.startServer(kind);
      }
      await mesh.server.untilPodUp(app);
      await mesh.server.untilPodUp(auth);
      return all;
    } catch (reason) {
      await mesh[Symbol.asyncDispose]();
      throw reason;
    }
  }

  get waypoint() {
    return this.mesh.waypoint;
  }

  /** Where the keys of {@link AuthMesh.publish} are served. */
  get keysUri(): string {
    return `http://${this.auth.ips[0]}:${AUTH_PORTS.keys}/jwks`;
  }

  async publish(keySet: object): Promise<void> {
    await Deno.writeTextFile(keysFile(this.mesh), JSON.stringify(keySet));
  }

  async startServer(kind: ServerKind): Promise<void> {
    const { lab } = this.mesh;
    const pod = kind === "app" || kind === "echo" ? this.app : this.auth;
    const port = { app: APP_PORT, echo: ECHO_PORT, ...AUTH_PORTS }[kind];
    const process = lab.start(pod, `${kind}-${pod.name}`, [
      ...[Deno.execPath(), "run", "--no-config", "-N", "-R"],
      new URL("./programs/auth_servers.ts", import.meta.url).pathname,
      ...[kind, keysFile(this.mesh)],
    ]);
    await untilListening(lab, pod, port, process);
    this.#servers.set(kind, process);
  }

  async stopServer(kind: ServerKind): Promise<void> {
    await this.#servers.get(kind)?.stop();
  }

  /** What an authorizer has been asked, as it printed it. */
  asked(kind: "http" | "grpc"): Record<string, unknown>[] {
    return (this.#servers.get(kind)?.lines() ?? [])
      .filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  }

  /** A request to the application. @param from Default: `sleep`. */
  async get(
    path: string,
    more: readonly string[] = [],
    from: LabPod = this.mesh.pods.sleep,
  ): Promise<Answer> {
    const url = `http://${this.service.vips[0]}:${APP_PORT}${path}`;
    const { lab } = this.mesh;
    const heads = `${lab.folder}/heads-${crypto.randomUUID()}`;
    const reply = await call(lab, from, url, ["-D", heads, ...more]);
    const headers = await Deno.readTextFile(heads).catch(() => "");
    const isApp = /^x-seen: app\r?$/m.test(headers);
    const seen = isApp && reply.body !== ""
      ? JSON.parse(reply.body)
      : undefined;
    return { ...reply, headers, seen };
  }

  /** As `WaypointMesh.under`, for several objects. */
  async under(
    objects: readonly object[],
    body: () => Promise<void>,
  ): Promise<void> {
    const text = objects.map((object) => stringify(object)).join("---\n");
    await this.mesh.under("auth", text, body);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.mesh[Symbol.asyncDispose]();
  }
}

const keysFile = ({ lab }: WaypointMesh): string => `${lab.folder}/keys.json`;

async function addServices({ lab }: WaypointMesh): Promise<LabService> {
  const ports = Object.entries(AUTH_PORTS).map(([name, port]) => ({
    name,
    port,
    targetPort: port,
    appProtocol: name === "grpc" ? "grpc" : "http",
  }));
  await lab.addService({ name: "auth", selector: { app: "auth" }, ports });
  return await lab.addService({
    name: "app",
    selector: { app: "app" },
    labels: USE_WAYPOINT,
    ports: [
      { name: "http", port: APP_PORT, targetPort: APP_PORT },
      { name: "tcp", port: ECHO_PORT, targetPort: ECHO_PORT },
    ],
  });
}

const at = (port: number) => ({
  service: "auth.default.svc.cluster.local",
  port,
  timeout: "2s",
});
const http = { ...at(AUTH_PORTS.http), pathPrefix: "/check" };
const grpc = at(AUTH_PORTS.grpc);
const nobody = at(AUTH_PORTS.nobody);
const unknown = { ...nobody, service: "nothing.default.svc.cluster.local" };
const body = (more: object) => ({
  includeRequestBodyInCheck: { maxRequestBytes: 16, ...more },
});

/** Providers by name; `http-` and `grpc-` say what they speak. */
const PROVIDERS: Record<string, object> = {
  "http-plain": {
    ...http,
    includeRequestHeadersInCheck: ["x-token"],
    headersToUpstreamOnAllow: ["x-user"],
    headersToDownstreamOnAllow: ["set-cookie"],
    headersToDownstreamOnDeny: ["x-reason"],
  },
  "http-body": { ...http, ...body({}) },
  "http-partial": { ...http, ...body({ allowPartialMessage: true }) },
  "http-nobody": nobody,
  "http-open": { ...nobody, failOpen: true },
  "http-unknown": { ...unknown, failOpen: true },
  "http-status": { ...nobody, statusOnError: "503" },
  "grpc-plain": grpc,
  "grpc-body": { ...grpc, ...body({ packAsBytes: true }) },
  "grpc-nobody": nobody,
  "grpc-open": { ...nobody, failOpen: true },
};

const meshConfig = (): object => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "istio", namespace: "istio-system" },
  data: {
    mesh: stringify({
      extensionProviders: Object.entries(PROVIDERS).map(([name, fields]) => ({
        name,
        [name.startsWith("http") ? "envoyExtAuthzHttp" : "envoyExtAuthzGrpc"]:
          fields,
      })),
    }),
  },
});
