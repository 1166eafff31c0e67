import type { Config } from "../../../src/config/mod.ts";
import { MeshStore } from "../../../src/control/mesh_store.ts";
import {
  XdsClient,
  type XdsClientOptions,
} from "../../../src/control/xds/mod.ts";
import type { MeshDelta } from "../../../src/model/delta.ts";
import { unpackDelta } from "../../../src/model/packed_workload.ts";
import { XdsMetrics } from "../../../src/telemetry/control_metrics.ts";
import { createLogging } from "../../../src/telemetry/log.ts";
import { Registry, renderOpenMetrics } from "../../../src/telemetry/metrics.ts";
import {
  type DeltaDiscoveryRequest,
  DeltaDiscoveryRequestSchema,
} from "../../../src/wire/xds/mod.ts";
import { DeltaDiscoveryResponseSchema } from "../../../src/wire/xds/gen/discovery_pb.ts";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { FakeCall, FakeIstiod } from "../../support/fake_istiod.ts";

/** A client of a fake server, with a store that takes what it says. */
export interface Followed extends AsyncDisposable {
  readonly client: XdsClient;
  readonly store: MeshStore;
  /** What the store went on to publish. */
  readonly published: MeshDelta[];
  /** Log lines so far. */
  lines(): string[];
  /** Samples of the client's metrics. */
  samples(): string[];
  /** Waits until a log line matches. */
  untilLine(pattern: RegExp): Promise<string>;
}

export type Server = NonNullable<Config["xds"]>;

/** How the fake server is reached. */
export const serverOf = (
  istiod: FakeIstiod,
  more: Partial<Server> = {},
): Server => ({
  address: istiod.address,
  roots: { kind: "inline", pem: istiod.ca.certificatePem },
  alternativeHostname: "istiod.test",
  headers: {},
  onDemand: false,
  ...more,
});

/** How a client shows itself. */
type Shown = Pick<XdsClientOptions, "authToken" | "clusterId" | "node">;

/** To a fake server. */
export const SHOWN: Shown = {
  authToken: { kind: "static", token: "secret" },
  clusterId: "c1",
  node: { id: "ztunnel~1.2.3.4~z.istio-system~istio-system.svc" },
};

/** Starts a client. */
export function follow(server: Server, shown: Shown = SHOWN): Followed {
  const lines: string[] = [];
  const logging = createLogging({
    format: "plain",
    filter: "debug",
    write: (text) => lines.push(...text.trimEnd().split("\n")),
    now: () => new Date(0),
  });
  const published: MeshDelta[] = [];
  const store = new MeshStore((delta) => published.push(unpackDelta(delta)));
  const registry = new Registry();
  const client = new XdsClient({
    server,
    ...shown,
    onUpdate: (delta) => store.update("xDS", delta),
    keepPace: () => Promise.resolve(),
    metrics: new XdsMetrics(registry),
    log: logging.scope("xds"),
    random: () => 0,
  });
  const ending = new AbortController();
  const running = client.run(ending.signal);
  const all = () => {
    logging.flush();
    return lines;
  };
  return {
    client,
    store,
    published,
    lines: all,
    samples: () =>
      renderOpenMetrics(registry.snapshot()).split("\n")
        .filter((line) => line !== "" && !line.startsWith("#")),
    async untilLine(pattern) {
      for (;;) {
        const found = all().find((line) => pattern.test(line));
        if (found !== undefined) return found;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      await running;
    },
  };
}

export const request = (
  call: FakeCall,
): Promise<DeltaDiscoveryRequest | undefined> =>
  call.receive(DeltaDiscoveryRequestSchema);

export const respond = (
  call: FakeCall,
  init: MessageInitShape<typeof DeltaDiscoveryResponseSchema>,
): void => call.send(DeltaDiscoveryResponseSchema, init);

/** Takes the first two requests of a stream. */
export async function greeted(
  istiod: FakeIstiod,
): Promise<FakeCall & { readonly first: DeltaDiscoveryRequest[] }> {
  const call = await istiod.next();
  const first = [await request(call), await request(call)];
  return Object.assign(call, { first: first.filter((r) => r !== undefined) });
}
