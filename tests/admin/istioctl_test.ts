/** Istio's own command line tool reads what `/config_dump` says, and asks for log levels. */
import { deepEqual, equal } from "node:assert/strict";
import { parse } from "yaml";
import { toConfigDump } from "../../src/admin/config_dump.ts";
import { sortedJson } from "../../src/admin/json.ts";
import { richDump } from "./rich_dump.ts";

const tools = Deno.env.get("HAIRPIN_TEST_TOOLS") || undefined;
if (tools === undefined) {
  console.log("istioctl tests are skipped: HAIRPIN_TEST_TOOLS is not set");
}
const test = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name, ignore: tools === undefined, fn });

/** Runs `istioctl ztunnel-config` on the rich dump. */
async function istioctl(args: string): Promise<string> {
  const dump = toConfigDump(await richDump());
  const file = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await Deno.writeTextFile(file, sortedJson(dump));
    const run = await new Deno.Command(`${tools}/istioctl`, {
      args: ["ztunnel-config", ...args.split(" "), "--file", file],
    }).output();
    const text = (octets: Uint8Array) => new TextDecoder().decode(octets);
    equal(run.code, 0, text(run.stderr));
    return text(run.stdout);
  } finally {
    await Deno.remove(file);
  }
}

/** A table without its heading; columns are apart by more than what is in them. */
const tableOf = (text: string): string[] =>
  text.trim().split("\n").slice(1).map((line) =>
    line.trim().replaceAll(/ +/g, " ")
  );

const CART = "spiffe://cluster.local/ns/shop/sa/cart";

const tables: [args: string, rows: string[]][] = [
  ["workloads", [
    "ops other 10.0.1.7 node-a None HBONE",
    "shop cart-7d9 10.0.2.8,fd00::5 node-a waypoint HBONE",
    "shop lost 10.0.3.8 node-a NA HBONE",
    "shop name-only a.example.com node-a None TCP",
    "shop sick 10.0.3.7 node-a None HBONE",
    "shop waypoint-0 10.0.1.9 node-a None HBONE",
    "shop web-1 10.0.1.5 node-a waypoint HBONE",
    "shop web-2 10.0.3.6 node-b None HBONE",
  ]],
  ["workloads --workload-namespace ops", [
    "ops other 10.0.1.7 node-a None HBONE",
  ]],
  ["workloads --workload-node node-b", [
    "shop web-2 10.0.3.6 node-b None HBONE",
  ]],
  ["workloads --address fd00::5 -o short", [
    "shop cart-7d9 10.0.2.8,fd00::5 node-a waypoint HBONE",
  ]],
  ["services", [
    "shop cart 10.96.7.7,fd00::7 waypoint 1/1",
    "shop ranges None 0/0",
    "shop waypoint 10.96.0.9 None 1/1",
    "shop web 10.96.0.5 waypoint 2/3",
  ]],
  ["services --service-namespace ops", []],
  ["policies", [
    "istio-system mesh-wide Allow Global",
    "shop allow-nothing Allow WorkloadSelector",
    "shop deny-ops Deny Namespace",
    "shop only-web Allow WorkloadSelector",
  ]],
  ["policies --policy-namespace istio-system", [
    "istio-system mesh-wide Allow Global",
  ]],
  ["certificates", [
    `${CART} Leaf Available false 80000000000000000000000000000001 2026-08-21T10:00:00Z 2026-08-20T09:58:00Z`,
    `${CART} Intermediate Available true a 2035-01-01T00:00:00Z 2025-01-01T00:00:00Z`,
    `${CART} Root Available true 1 2036-01-01T00:00:00Z 2026-01-01T00:00:00Z`,
    `${CART} Root Available true b 2035-01-01T00:00:00Z 2025-01-01T00:00:00Z`,
    "spiffe://cluster.local/ns/shop/sa/late NA Initializing false NA NA NA",
    "spiffe://cluster.local/ns/shop/sa/web NA Unavailable false NA NA NA",
  ]],
  ["connections", [
    "cart-7d9.shop Inbound cart-7d9.shop:8080 web-1.shop:33050 cart.shop.svc.cluster.local HBONE",
    "cart-7d9.shop Inbound [fd00::5]:8080 192.0.2.1:1 TCP",
    "cart-7d9.shop Outbound cart-7d9.shop:40000 web-2.shop:15008 web.shop.svc.cluster.local:80 HBONE",
    "cart-7d9.shop Outbound cart-7d9.shop:40001 203.0.113.9:443 203.0.113.9:443 TCP",
    "cart-7d9.shop Outbound cart-7d9.shop:40002 10.0.9.9:15008 web.shop.svc.cluster.local:80 DOUBLEHBONE",
  ]],
  ["connections --raw --direction inbound", [
    "cart-7d9.shop Inbound 10.0.2.8:8080 10.0.1.5:33050 cart.shop.svc.cluster.local HBONE",
    "cart-7d9.shop Inbound [fd00::5]:8080 192.0.2.1:1 TCP",
  ]],
  ["connections --workload-namespace ops", []],
];
for (const [args, rows] of tables) {
  test(`istioctl ztunnel-config ${args} shows the right rows`, async () => {
    deepEqual(tableOf(await istioctl(args)), rows);
  });
}

test("istioctl ztunnel-config all shows every table", async () => {
  const text = await istioctl("all --with-headers");
  const titles = text.split("\n").filter((line) => line.startsWith("----"));
  deepEqual(titles, [
    "------ WORKLOAD INFO ------",
    "------ SERVICE INFO ------",
    "------ POLICY INFO ------",
    "------ SECRET INFO ------",
    "------ CONNECTIONS INFO ------",
  ]);
  for (const [args, rows] of tables) {
    if (args.includes(" ")) continue;
    const lines = tableOf(text);
    for (const row of rows) equal(lines.includes(row), true, row);
  }
});

test("istioctl ztunnel-config all -o json is the dump itself", async () => {
  const dump = sortedJson(toConfigDump(await richDump()));
  const shown = JSON.parse(await istioctl("all -o json"));
  // The fixture makes its certificates anew each time.
  const { certificates: _made, ...rest } = JSON.parse(dump);
  const { certificates: _shown, ...shownRest } = shown;
  deepEqual(shownRest, rest);
});

/** By section, what of it istioctl has to have understood. */
const fields: [section: string, read: (rows: Row[]) => unknown, is: unknown][] =
  [
    [
      "workloads",
      (rows) =>
        rows.map((
          { name, status, waypoint },
        ) => [name, status, waypoint?.destination]),
      [
        ["name-only", "Healthy", undefined],
        ["other", "Healthy", undefined],
        ["cart-7d9", "Healthy", "shop/waypoint.shop.svc.cluster.local"],
        ["lost", "Healthy", "/10.9.9.9"],
        ["sick", "Unhealthy", undefined],
        ["waypoint-0", "Healthy", undefined],
        ["web-1", "Healthy", "/10.96.0.9"],
        ["web-2", "Healthy", undefined],
      ].sort(),
    ],
    [
      "services",
      (rows) =>
        rows.map(({ hostname, ports, ipFamilies, cidrVips, loadBalancer }) => [
          hostname,
          ports,
          ipFamilies,
          cidrVips,
          loadBalancer?.mode,
        ]),
      [
        ["*.wild.example", { 80: 8080 }, "", ["net2/10.50.0.0/16"], undefined],
        ["cart.shop.svc.cluster.local", { 80: 8080 }, "", undefined, undefined],
        [
          "waypoint.shop.svc.cluster.local",
          { 80: 8080 },
          "",
          undefined,
          undefined,
        ],
        ["web.shop.svc.cluster.local", { 80: 8080 }, "", undefined, "Strict"],
      ],
    ],
    [
      "policies",
      (rows) => rows.map(({ name, rules }) => [name, rules?.flat(2).length]),
      [
        ["allow-nothing", 0],
        ["deny-ops", 2],
        ["mesh-wide", 1],
        ["only-web", 2],
      ],
    ],
    [
      "certificates",
      (rows) =>
        rows.map(({ state, certChain, rootCerts }) => [
          state,
          certChain?.length,
          rootCerts?.length,
        ]),
      [
        ["Available", 2, 2],
        ["Initializing", 0, 0],
        ["Unavailable: the authority is away", 0, 0],
      ],
    ],
    [
      "connections",
      (rows) =>
        rows.map(({ state, info, connections }) => [
          state,
          info?.name,
          connections?.inbound?.length ?? 0,
          connections?.outbound?.length ?? 0,
        ]),
      [["Pending", "new", 0, 0], ["Up", "cart-7d9", 2, 3]],
    ],
  ];
for (const [section, read, is] of fields) {
  for (const format of ["json", "yaml"]) {
    test(`istioctl ztunnel-config ${section} -o ${format} keeps what is there`, async () => {
      const text = await istioctl(`${section} -o ${format}`);
      const rows: Row[] = format === "json" ? JSON.parse(text) : parse(text);
      deepEqual((read(rows) as unknown[][]).sort(), is);
    });
  }
}

/** What the sections' rows have between them. */
interface Row {
  readonly name?: string;
  readonly status?: string;
  readonly state?: string;
  readonly hostname?: string;
  readonly ports?: Readonly<Record<string, number>>;
  readonly ipFamilies?: string;
  readonly cidrVips?: readonly string[];
  readonly loadBalancer?: { readonly mode: string };
  readonly waypoint?: { readonly destination: string };
  readonly rules?: readonly (readonly (readonly unknown[])[])[];
  readonly certChain?: readonly unknown[];
  readonly rootCerts?: readonly unknown[];
  readonly info?: { readonly name: string };
  readonly connections?: {
    readonly inbound?: readonly unknown[];
    readonly outbound?: readonly unknown[];
  };
}
