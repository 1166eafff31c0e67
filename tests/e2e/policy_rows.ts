/** What one rule of an ALLOW policy lets through, as a table. */
import type { LabPod } from "../lab/mod.ts";
import {
  type Caller,
  EVERYBODY,
  MESH_CALLERS,
  NOBODY,
} from "./policy_support.ts";
import type { Mesh } from "./support.ts";

/** What a row may name of the running mesh. */
export interface Facts {
  readonly sleepIp: string;
  readonly serverIp: string;
}

export interface Row {
  readonly title: string;
  /** The policy's rules; all callers try ports 8000 and 8080. */
  readonly rules: (facts: Facts) => readonly object[];
  readonly on8000: readonly Caller[];
  /** Default: the same as on 8000. */
  readonly on8080?: readonly Caller[];
}

export function factsOf(mesh: Mesh): Facts {
  return { sleepIp: ipv4(mesh.sleep), serverIp: ipv4(mesh.httpbin) };
}

const ipv4 = ({ ips }: LabPod): string => ips[0] ?? "";

/** The mesh's pods of node-1, the clients'. */
const CLIENTS_RANGE = "10.77.1.0/24";
const SLEEP = "cluster.local/ns/default/sa/sleep";

const from = (source: object) => ({ from: [{ source }] });
const to = (operation: object) => ({ to: [{ operation }] });
const when = (key: string, values: readonly string[], not = false) => ({
  when: [{ key, [not ? "notValues" : "values"]: values }],
});

/** A row of one rule that knows nothing of addresses. */
const row = (
  title: string,
  rule: object,
  on8000: readonly Caller[],
  on8080: readonly Caller[] = on8000,
): Row => ({ title, rules: () => [rule], on8000, on8080 });

const NOT_SLEEP = ["notsleep", "stranger", "outsider"] as const;
const OF_DEFAULT = ["sleep", "notsleep"] as const;
const NOT_OF_DEFAULT = ["stranger", "outsider"] as const;

const SOURCE_ROWS: readonly Row[] = [
  row("a principal, exactly", from({ principals: [SLEEP] }), ["sleep"]),
  row(
    "a principal's prefix",
    from({ principals: ["cluster.local/ns/default/*"] }),
    OF_DEFAULT,
  ),
  row(
    "a principal's suffix",
    from({ principals: ["*/sa/sleep"] }),
    ["sleep", "stranger"],
  ),
  row("any principal", from({ principals: ["*"] }), MESH_CALLERS),
  row("notPrincipals", from({ notPrincipals: [SLEEP] }), NOT_SLEEP),
  row("notPrincipals *", from({ notPrincipals: ["*"] }), ["outsider"]),
  row("a namespace", from({ namespaces: ["default"] }), OF_DEFAULT),
  row("notNamespaces", from({ notNamespaces: ["default"] }), NOT_OF_DEFAULT),
  row(
    "a service account of the policy's namespace",
    from({ serviceAccounts: ["sleep"] }),
    ["sleep"],
  ),
  row(
    "a service account of another namespace",
    from({ serviceAccounts: ["other/sleep"] }),
    ["stranger"],
  ),
  row(
    "notServiceAccounts",
    from({ notServiceAccounts: ["default/sleep"] }),
    NOT_SLEEP,
  ),
  row("ipBlocks", from({ ipBlocks: [CLIENTS_RANGE] }), MESH_CALLERS),
  row("notIpBlocks", from({ notIpBlocks: [CLIENTS_RANGE] }), ["outsider"]),
  {
    title: "ipBlocks of one address",
    rules: ({ sleepIp }) => [from({ ipBlocks: [sleepIp] })],
    on8000: ["sleep"],
  },
  row(
    "a trust domain",
    from({ trustDomains: ["cluster.local"] }),
    MESH_CALLERS,
  ),
  row("a foreign trust domain", from({ trustDomains: ["other"] }), NOBODY),
  row(
    "notTrustDomains",
    from({ notTrustDomains: ["cluster.local"] }),
    ["outsider"],
  ),
];

const OPERATION_ROWS: readonly Row[] = [
  row("a port", to({ ports: ["8000"] }), EVERYBODY, NOBODY),
  row("notPorts", to({ notPorts: ["8000"] }), NOBODY, EVERYBODY),
];

const CONDITION_ROWS: readonly Row[] = [
  {
    title: "when source.ip",
    rules: ({ sleepIp }) => [when("source.ip", [sleepIp])],
    on8000: ["sleep"],
  },
  {
    title: "when not source.ip",
    rules: ({ sleepIp }) => [when("source.ip", [`${sleepIp}/32`], true)],
    on8000: NOT_SLEEP,
  },
  row("when source.namespace", when("source.namespace", ["other"]), [
    "stranger",
  ]),
  row(
    "when not source.namespace",
    when("source.namespace", ["default"], true),
    NOT_OF_DEFAULT,
  ),
  row("when source.principal", when("source.principal", [SLEEP]), ["sleep"]),
  row(
    "when not source.principal",
    when("source.principal", [SLEEP], true),
    NOT_SLEEP,
  ),
  row(
    "when source.serviceAccount",
    when("source.serviceAccount", ["default/notsleep"]),
    ["notsleep"],
  ),
  {
    title: "when destination.ip",
    rules: ({ serverIp }) => [when("destination.ip", [serverIp])],
    on8000: EVERYBODY,
  },
  {
    title: "when not destination.ip",
    rules: ({ serverIp }) => [when("destination.ip", [serverIp], true)],
    on8000: NOBODY,
  },
  row(
    "when destination.port",
    when("destination.port", ["8080"]),
    NOBODY,
    EVERYBODY,
  ),
  row(
    "when not destination.port",
    when("destination.port", ["8080"], true),
    EVERYBODY,
    NOBODY,
  ),
];

const COMBINATION_ROWS: readonly Row[] = [
  row(
    "all fields of a source together",
    from({ namespaces: ["default"], notPrincipals: [SLEEP] }),
    ["notsleep"],
  ),
  row(
    "from, to and when together",
    {
      ...from({ principals: ["*/sa/sleep"] }),
      ...to({ ports: ["8000"] }),
      ...when("source.namespace", ["other"]),
    },
    ["stranger"],
    NOBODY,
  ),
  row(
    "any source of several",
    {
      from: [
        { source: { principals: [SLEEP] } },
        { source: { namespaces: ["other"] } },
      ],
    },
    ["sleep", "stranger"],
  ),
  {
    title: "any rule of several",
    rules: () => [
      { ...from({ principals: [SLEEP] }), ...to({ ports: ["8000"] }) },
      { ...from({ namespaces: ["other"] }), ...to({ ports: ["8080"] }) },
    ],
    on8000: ["sleep"],
    on8080: ["stranger"],
  },
  row("a rule without conditions", {}, EVERYBODY),
];

export const ALLOW_ROWS: readonly Row[] = [
  ...SOURCE_ROWS,
  ...OPERATION_ROWS,
  ...CONDITION_ROWS,
  ...COMBINATION_ROWS,
];
