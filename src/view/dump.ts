/** The parts of `/config_dump` that tables are made of, checked. */
import * as v from "valibot";
import { DumpError } from "./errors.ts";

const text = v.optional(v.string(), "");
const number = v.number();

/** A list, or an object whose values are taken, as older proxies have them. */
const listOf = <Output>(entry: v.GenericSchema<unknown, Output>) =>
  v.optional(
    v.lazy((input): v.GenericSchema<unknown, Output[]> =>
      Array.isArray(input) ? v.array(entry) : v.pipe(
        v.record(v.string(), entry),
        v.transform((record): Output[] => Object.values(record)),
      )
    ),
    [],
  );

const gateway = v.object({ destination: v.string() });

const workload = v.object({
  uid: text,
  name: text,
  namespace: text,
  workloadIps: v.optional(v.array(v.string()), []),
  hostname: text,
  node: text,
  waypoint: v.optional(gateway),
  protocol: text,
  networkMode: text,
  nativeTunnel: v.optional(v.boolean(), false),
  status: text,
});

const service = v.object({
  name: text,
  namespace: text,
  hostname: text,
  vips: v.optional(v.array(v.string()), []),
  waypoint: v.optional(gateway),
  endpoints: listOf(v.object({ workloadUid: text })),
});

const policy = v.object({
  name: text,
  namespace: text,
  action: text,
  scope: text,
});

const certificate = v.object({
  serialNumber: text,
  validFrom: text,
  expirationTime: text,
});

const certificates = v.object({
  identity: text,
  state: text,
  certChain: v.optional(v.array(certificate), []),
  rootCerts: v.optional(v.array(certificate), []),
});

const connection = v.object({
  src: text,
  actualDst: text,
  originalDst: v.optional(v.nullable(v.string()), null),
  protocol: text,
});

const pod = v.object({
  state: text,
  info: v.object({ name: text, namespace: text, serviceAccount: text }),
  connections: v.optional(v.object({
    inbound: v.optional(v.array(connection), []),
    outbound: v.optional(v.array(connection), []),
  })),
});

const bypassedPod = v.object({
  uid: text,
  name: text,
  namespace: text,
  /** A time of RFC 3339; absent: until somebody ends it. */
  until: v.optional(v.string()),
});

const podMark = v.object({
  name: text,
  namespace: text,
  wanted: v.boolean(),
  mark: v.optional(v.string()),
});

const named = v.object({ name: v.string(), kind: text, value: text });
const textMatch = v.optional(v.object({ kind: text, value: text }));

const rule = v.object({
  route: text,
  rule: number,
  match: v.optional(v.object({
    path: v.object({
      kind: v.string(),
      value: text,
      service: textMatch,
      method: textMatch,
    }),
    method: v.optional(v.string()),
    headers: v.optional(v.array(named), []),
    query: v.optional(v.array(named), []),
  })),
  hostnames: v.optional(v.array(v.string()), []),
  backends: v.array(v.object({
    service: v.optional(v.string()),
    port: v.optional(number),
    weight: number,
    invalid: v.optional(v.string()),
  })),
  filters: v.optional(v.array(v.string()), []),
  invalid: v.optional(v.string()),
});

const routeScope = v.object({
  service: text,
  port: number,
  clientNamespace: v.optional(v.string()),
  kind: text,
  rules: v.array(rule),
});

const waypoint = v.object({
  routes: v.optional(v.array(routeScope), []),
  policies: v.optional(
    v.array(v.object({
      attachedTo: v.string(),
      namespace: text,
      name: text,
      action: text,
    })),
    [],
  ),
});

/** One of ztunnel's: `localhost` in one family or both, or any other address; undefined for what it may be one day. */
const address = v.fallback(
  v.optional(v.union([
    v.object({ Localhost: v.tuple([v.boolean(), number]) }),
    v.object({ SocketAddr: v.string() }),
  ])),
  undefined,
);

const config = v.object({
  inpodUds: text,
  localNode: text,
  packetMark: v.optional(v.nullable(number)),
  ipv6Enabled: v.optional(v.boolean(), true),
  statsAddr: address,
  readinessAddr: address,
});

const dump = v.object({
  workloads: listOf(workload),
  services: listOf(service),
  policies: listOf(policy),
  certificates: listOf(certificates),
  workloadState: listOf(pod),
  config: v.optional(config, {}),
  hairpin: v.optional(v.object({
    redirect: text,
    kube: v.optional(v.nullable(v.string())),
    log: v.optional(v.object({ filter: text }), {}),
    cni: v.optional(v.nullable(v.object({
      socket: text,
      netDir: v.optional(v.string()),
      binDir: v.optional(v.string()),
    }))),
    bypassedPods: v.optional(v.array(bypassedPod), []),
    podMarks: v.optional(v.array(podMark), []),
    waypoint: v.optional(waypoint),
  })),
});

export type Dump = v.InferOutput<typeof dump>;
export type DumpedAddress = v.InferOutput<typeof address>;
export type DumpedRule = v.InferOutput<typeof rule>;
export type DumpedMatch = NonNullable<DumpedRule["match"]>;

/** @throws {DumpError} naming the first field that is not as it should be. */
export function readDump(value: unknown): Dump {
  const result = v.safeParse(dump, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const place = v.getDotPath(issue) ?? "the whole";
  throw new DumpError(
    `Cannot read the dump at "${place}": want ${issue.expected}, found ${issue.received}`,
  );
}
