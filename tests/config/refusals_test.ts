import { NODE, refuses } from "./support.ts";

const WHOLE = "want a whole number from";
const DURATION = "want a duration such as 500ms, 5s or 1m30s, from";
const PORT = "want a port from 0 to 65535";
const LISTEN =
  "want HOST:PORT, the host an IP address or localhost, IPv6 in brackets";
const LOOPBACK = "want a loopback HOST:PORT such as 127.0.0.1:15000";
const WORKERS = "want a whole number from 0 (all CPUs) to 256, or 1% to 100%";
const LEVELS = "want levels such as info or info,access=debug";
const SECONDS = "want a duration of whole seconds from 1s to 32767s";
const BOOLEAN = "want true or false";
const URL_WANTED = "want a URL https://HOST:PORT";

const flags: [flag: string, value: string, why: string][] = [
  ["redirect", "cni", "want agent, self, node or none"],
  ["waypoint-bypass", "drop", "want hairpin, reject or observe"],
  ["waypoint-unreachable", "close", "want fail or open"],
  ["node-local-lane", "true", "want on or off"],
  ["open-connections", "close", "want keep or reset"],
  [
    "redirect-backend",
    "nft",
    "want auto, iptables-legacy, iptables-nft or nftables",
  ],
  ["kernel-lane", "true", "want on, off or auto"],
  ["workers", "x", WORKERS],
  ["workers", "257", WORKERS],
  ["workers", "101%", WORKERS],
  ["workers", "0%", WORKERS],
  ["workers", "1.5", WORKERS],
  ["admin", "15000", LOOPBACK],
  ["admin", "0.0.0.0:15000", LOOPBACK],
  ["admin", "127.example.com:1", LOOPBACK],
  ["stats", "::1:15020", LISTEN],
  ["stats", "[::1]:65536", LISTEN],
  ["stats", "example.com:1", LISTEN],
  ["readiness", "1.2.3:1", LISTEN],
  ["log-level", "loud", LEVELS],
  ["log-level", "info,", LEVELS],
  ["log-level", "access=loud", LEVELS],
  ["log-format", "xml", "want plain or json"],
  ["xds-address", "http://i:1", URL_WANTED],
  ["xds-address", "https://i:1/path", URL_WANTED],
  ["xds-address", "https://u:p@i:1", URL_WANTED],
  ["xds-address", "a b", URL_WANTED],
];
for (const [flag, value, why] of flags) {
  Deno.test(`--${flag} "${value}" is refused`, () => {
    const line = `invalid flag --${flag} ${JSON.stringify(value)}: ${why}`;
    refuses(line, [...NODE, `--${flag}`, value]);
  });
}

const variables: [name: string, value: string, why: string][] = [
  ["HAIRPIN_REDIRECT", "x", "want agent, self, node or none"],
  ["ADMIN_PORT", "127.0.0.1:1", PORT],
  ["STATS_PORT", "65536", PORT],
  ["READINESS_PORT", "-1", PORT],
  ["ZTUNNEL_WORKER_THREADS", "many", WORKERS],
  ["PROXY_MODE", "sidecar", "want shared or dedicated"],
  ["PROXY_WORKLOAD_INFO", "a/b", "want NAMESPACE/NAME/SERVICEACCOUNT"],
  ["ENABLE_PROXY", "yes", BOOLEAN],
  ["FAKE_CA", "1", BOOLEAN],
  ["IPV6_ENABLED", "TRUE", BOOLEAN],
  ["AMBIENT_ENABLE_AWS_BRANCH_ENI_PROBE", "1", BOOLEAN],
  ["INPOD_PORT_REUSE", "on", BOOLEAN],
  ["ENABLE_ORIG_SRC", "0", BOOLEAN],
  ["KEEPALIVE_ENABLED", "0", BOOLEAN],
  ["USER_TIMEOUT_ENABLED", "0", BOOLEAN],
  ["UNSTABLE_ENABLE_SOCKS5", "0", BOOLEAN],
  ["LOCALHOST_APP_TUNNEL", "0", BOOLEAN],
  ["ENABLE_RESPONSE_BAGGAGE", "0", BOOLEAN],
  ["KEEPALIVE_TIME", "500ms", SECONDS],
  ["KEEPALIVE_INTERVAL", "0", SECONDS],
  ["KEEPALIVE_INTERVAL", "32768s", SECONDS],
  ["KEEPALIVE_RETRIES", "128", `${WHOLE} 1 to 127`],
  ["HTTP2_STREAM_WINDOW_SIZE", "2147483648", `${WHOLE} 1 to 2147483647`],
  ["HTTP2_CONNECTION_WINDOW_SIZE", "1", `${WHOLE} 65535 to 2147483647`],
  ["HTTP2_FRAME_SIZE", "16383", `${WHOLE} 16384 to 16777215`],
  ["POOL_MAX_STREAMS_PER_CONNECTION", "65536", `${WHOLE} 1 to 65535`],
  ["POOL_UNUSED_RELEASE_TIMEOUT", "0", `${DURATION} 1ms to 2147483647ms`],
  ["CONNECTION_TERMINATION_DEADLINE", "5x", `${DURATION} 0s to 2147483647ms`],
  ["CONNECTION_TERMINATION_DEADLINE", "-1s", `${DURATION} 0s to 2147483647ms`],
  ["TERMINATION_GRACE_PERIOD_SECONDS", "30s", `${WHOLE} 0 to 2147483`],
  ["SECRET_TTL", "999ms", `${DURATION} 1s to 315360000s`],
  ["PACKET_MARK", "0x539", `${WHOLE} 0 to 4294967295`],
  ["PACKET_MARK", "4294967296", `${WHOLE} 0 to 4294967295`],
  ["INSTANCE_IP", "1.2.3", "want an IP address"],
  ["COMPLIANCE_POLICY", "fips", "want pqc"],
  [
    "ZTUNNEL_CPU_LIMIT",
    "2Gi",
    "want a CPU quantity such as 2, 1.5 or 500m",
  ],
  [
    "ZTUNNEL_RESOURCE_CPU_LIMIT",
    "-1",
    "want a CPU quantity such as 2, 1.5 or 500m",
  ],
  [
    "ZTUNNEL_RESOURCE_CPU_REQUEST",
    "x",
    "want a CPU quantity such as 2, 1.5 or 500m",
  ],
  ["RUST_LOG", "info,x=y", LEVELS],
  ["XDS_ADDRESS", "http://i:1", URL_WANTED],
  ["ISTIO_META_DNS_PROXY_ADDR", "53", LISTEN],
];
for (const [name, value, why] of variables) {
  Deno.test(`${name}=${value} is refused`, () => {
    const line = `invalid variable ${name} ${JSON.stringify(value)}: ${why}`;
    refuses(line, NODE, { [name]: value });
  });
}

const whole: [line: string, args: string[], variables: object][] = [
  ['unknown flag "--worker"', ["--worker", "1"], {}],
  ['unknown flag "-x"', ["-x"], {}],
  ["flag --config has no value: want PATH", ["--config="], {}],
  ['unknown flag "--no-json"', ["check", "--no-json"], {}],
  ["flag --workers has no value: want N|N%", ["--workers"], {}],
  [
    "flag --config has no value: want PATH",
    ["--config", "--mode", "node"],
    {},
  ],
  [
    'flag --workers is given twice: "1" and "2"',
    ["--workers", "1", "--workers=2"],
    {},
  ],
  [
    'unknown command "run": want check, explain, config, redirect, version or help',
    ["run", "--mode", "node"],
    {},
  ],
  ["no mode: want --mode node, waypoint or deployer", ["--config", "a"], {}],
  ['invalid flag --mode "nod": want node, waypoint or deployer', [
    "--mode",
    "nod",
  ], {}],
  [
    'invalid variable HAIRPIN_MODE "x": want node, waypoint or deployer',
    [],
    { HAIRPIN_MODE: "x" },
  ],
  [
    'the arguments "proxy ztunnel" mean --mode node: found --mode waypoint',
    ["proxy", "ztunnel", "--mode", "waypoint"],
    {},
  ],
  ['unknown proxy "envoy": want ztunnel', ["proxy", "envoy"], {}],
  ['unexpected argument "x"', ["proxy", "ztunnel", "x"], {}],
  [
    "no gateway: --mode waypoint wants --gateway NAMESPACE/NAME",
    ["--mode", "waypoint", "--config", "m"],
    {},
  ],
  [
    'invalid flag --gateway "wp": want NAMESPACE/NAME',
    ["--mode", "waypoint", "--gateway", "wp"],
    {},
  ],
  [
    "--gateway is of no use without --mode waypoint",
    [...NODE, "--gateway", "a/b"],
    {},
  ],
  [
    "no source of mesh state: want --config, --local-xds, --kube or --xds-address",
    ["--mode", "node", "--ca-dir", "c"],
    {},
  ],
  [
    'flag --local-xds "a" and variable LOCAL_XDS exclude each other',
    ["--mode", "node", "--local-xds", "a"],
    { LOCAL_XDS: "workloads: []" },
  ],
  [
    "no certificate authority: want exactly one of --ca-dir and --ca-address",
    ["--mode", "node", "--config", "m"],
    {},
  ],
  [
    "no certificate authority: want exactly one of --ca-dir and --ca-address",
    ["--mode", "node", "--config", "m"],
    { KUBERNETES_SERVICE_HOST: "10.0.0.1", CA_ADDRESS: "" },
  ],
  [
    'flag --ca-dir "ca" and flag --ca-address "c:1" exclude each other',
    [...NODE, "--ca-address", "c:1"],
    {},
  ],
  [
    'flag --ca-dir "ca" and variable CA_ADDRESS "c:1" exclude each other',
    NODE,
    { CA_ADDRESS: "c:1" },
  ],
  [
    'flag --ca-dir "ca" and variable FAKE_CA exclude each other',
    NODE,
    { FAKE_CA: "true" },
  ],
  [
    'invalid variable CA_ADDRESS "ftp://c": want a URL https://HOST:PORT',
    NODE.slice(0, 4),
    { CA_ADDRESS: "ftp://c" },
  ],
  [
    'invalid variable XDS_ROOT_CA "/none": want a file that exists, SYSTEM, or PEM text',
    NODE,
    { XDS_ADDRESS: "i:1", XDS_ROOT_CA: "/none" },
  ],
  [
    "invalid variable XDS_HEADER_a b: want a header name behind XDS_HEADER_",
    NODE,
    { XDS_ADDRESS: "i:1", "XDS_HEADER_a b": "secret" },
  ],
  [
    "invalid variable CA_HEADER_A: want printable ASCII",
    NODE.slice(0, 4),
    { CA_ADDRESS: "i:1", CA_HEADER_A: "secret\r\nx: y" },
  ],
  [
    'invalid variable XDS_ON_DEMAND "1": want true or false',
    NODE,
    { XDS_ADDRESS: "i:1", XDS_ON_DEMAND: "1" },
  ],
  [
    "PROXY_MODE dedicated wants PROXY_WORKLOAD_INFO",
    NODE,
    { PROXY_MODE: "dedicated" },
  ],
  [
    "ENABLE_PROXY false leaves nothing to run: DNS capture is off too",
    NODE,
    { ENABLE_PROXY: "false", ISTIO_META_DNS_CAPTURE: "false" },
  ],
  [
    "XDS_ON_DEMAND true cannot be combined with DNS capture",
    NODE,
    {
      XDS_ADDRESS: "i:1",
      XDS_ON_DEMAND: "true",
    },
  ],
  [
    'flag --netns does not belong to "hairpin --mode"',
    [...NODE, "--netns", "x"],
    {},
  ],
];
for (const [line, args, given] of whole) {
  Deno.test(`"hairpin ${args.join(" ")}" is refused: ${line}`, () => {
    refuses(line, args, { ...given });
  });
}

Deno.test("a long value is cut and stays on one line", () => {
  const value = "a\n".repeat(200);
  const shown = JSON.stringify("a\n".repeat(100) + "...");
  const line = `invalid flag --log-format ${shown}: want plain or json`;
  refuses(line, [...NODE, "--log-format", value]);
});

Deno.test("a socket for the CNI plugin is refused where pods are not this process's", () => {
  const why =
    "--cni-socket and --cni-net-dir are of no use without --mode node --redirect self";
  refuses(why, [...NODE, "--cni-socket", "/c", "--redirect", "agent"]);
});

for (
  const name of ["a.conf", "/n/a.conflist", ".a.conflist", "../a.conflist"]
) {
  Deno.test(`an own network in ${name} is refused`, () => {
    const why = `invalid flag --cni-own-conf ${JSON.stringify(name)}: ` +
      "want the name of a file that ends in .conflist";
    refuses(why, [...NODE, "--cni-net-dir", "/n", "--cni-own-conf", name]);
  });
}

for (const key of ["/a", "a/", "a b", "A.example/b", "x".repeat(64)]) {
  Deno.test(`the taint "${key}" is refused`, () => {
    const why = `invalid flag --node-taint ${JSON.stringify(key)}: ` +
      "want the key of a taint, such as cni.istio.io/not-ready";
    refuses(why, [...NODE, "--kube=/k", `--node-taint=${key}`]);
  });
}

Deno.test("a taint is refused where no node can be told of", () => {
  const why =
    "--node-taint is of no use without --mode node --redirect self --kube";
  refuses(why, [...NODE, "--node-taint=a"]);
  refuses(why.replace("node-taint", "repair-pods delete"), [
    ...NODE,
    "--repair-pods=delete",
  ]);
  refuses(why, [...NODE, "--node-taint=a", "--kube=/k", "--redirect=agent"]);
});

Deno.test("an end by the DaemonSet is refused where nobody tells of it", () => {
  const why =
    "--cni-at-end auto is of no use without --kube, POD_NAME and POD_NAMESPACE";
  const args = [...NODE, "--cni-net-dir=/n", "--cni-at-end=auto"];
  refuses(why, args, { POD_NAME: "a", POD_NAMESPACE: "b" });
  refuses(why, [...args, "--kube=/k"], { POD_NAME: "a" });
});
