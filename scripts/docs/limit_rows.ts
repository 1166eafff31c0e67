/** The limits that a user can meet: which constant each is, and what comes of it. */
import * as config from "../../src/config/limits.ts";
import * as files from "../../src/control/config_limits.ts";
import * as certificates from "../../src/control/certificates/limits.ts";
import * as crl from "../../src/wire/crl/limits.ts";
import * as h2 from "../../src/wire/h2/limits.ts";
import * as hops from "../../src/decide/waypoint_hops.ts";
import * as http1 from "../../src/wire/http1/limits.ts";
import * as jwks from "../../src/control/jwks/limits.ts";
import * as kube from "../../src/kube/limits.ts";
import * as lane from "../../src/net/kernel_lane/limits.ts";
import * as net from "../../src/net/limits.ts";
import * as pods from "../../src/control/zds/limits.ts";
import * as proxy from "../../src/proxy/limits.ts";
import * as deployer from "../../src/control/deployer/limits.ts";
import * as deployment from "../../src/kube/deployment/limits.ts";
import * as dns from "../../src/proxy/dns/limits.ts";
import * as query from "../../src/decide/http/limits.ts";
import * as routes from "../../src/kube/routes/limits.ts";
import * as telemetry from "../../src/telemetry/metrics.ts";
import * as token from "../../src/decide/token/limits.ts";
import * as waypoint from "../../src/proxy/waypoint/limits.ts";
import * as xds from "../../src/control/xds/limits.ts";
import * as xdsWire from "../../src/wire/xds/limits.ts";

/** What a module exports, its functions and classes too. */
type Exports = Readonly<Record<string, unknown>>;

/** Limits of one file. */
export interface LimitGroup {
  readonly title: string;
  readonly parts: readonly {
    readonly path: string;
    readonly exports: Exports;
    /** Constant, what it limits, and where the value is from if not hairpin's own. */
    readonly rows: readonly (readonly [
      name: string,
      meaning: string,
      source?: string,
    ])[];
  }[];
}

const ZTUNNEL = "ztunnel";
const GATEWAY_API = "Gateway API";
const ISTIO = "Istio";

const CONNECTIONS: LimitGroup = {
  title: "Connections and tunnels",
  parts: [
    {
      path: "src/net/limits.ts",
      exports: net,
      rows: [
        ["CONNECT_MS", "TCP connect; then the connection fails", ZTUNNEL],
        ["TLS_HANDSHAKE_MS", "TLS handshake, either side"],
        ["H2_PREFACE_MS", "the peer's first SETTINGS frame"],
        ["CONNECT_RESPONSE_MS", "the answer to a CONNECT"],
        ["PING_INTERVAL_MS", "quiet time before a tunnel is pinged", ZTUNNEL],
        ["PING_TIMEOUT_MS", "a tunnel that answers no ping ends", ZTUNNEL],
        ["LISTEN_BACKLOG", "connections that wait for accept"],
      ],
    },
    {
      path: "src/proxy/limits.ts",
      exports: proxy,
      rows: [
        ["WORKLOAD_WAIT_MS", "wait for the pod's own record", ZTUNNEL],
        ["RESOLVE_WAIT_MS", "wait for the addresses of a name"],
        ["CERTIFICATE_WAIT_MS", "wait for a certificate that is being issued"],
        [
          "CONNECTIONS_PER_POD_MAX",
          "open connections of one pod in one worker; more are refused",
        ],
        ["INBOUND_STREAMS_MAX", "streams of one inbound tunnel", ZTUNNEL],
        [
          "TUNNEL_ATTEMPTS_MAX",
          "tries of one tunnel stream that no peer has seen",
        ],
      ],
    },
    {
      path: "src/decide/waypoint_hops.ts",
      exports: hops,
      rows: [["WAYPOINT_HOPS_MAX", "waypoints in a row; then status 508"]],
    },
    {
      path: "src/net/kernel_lane/limits.ts",
      exports: lane,
      rows: [
        [
          "PAIRS_MAX",
          "connections of one worker that the kernel has joined; more go by user space",
        ],
        ["SPLICED_PAIRS_MAX", "the same, spliced"],
      ],
    },
  ],
};

const HTTP: LimitGroup = {
  title: "HTTP at a waypoint",
  parts: [
    {
      path: "src/wire/http1/limits.ts",
      exports: http1,
      rows: [
        ["START_LINE_OCTETS_MAX", "request line; above it 414"],
        ["FIELD_LINE_OCTETS_MAX", "one header line; above it 431"],
        ["HEAD_OCTETS_MAX", "all headers; above it 431"],
        ["FIELDS_MAX", "number of headers; above it 431", "Envoy"],
        ["TRAILERS_OCTETS_MAX", "trailers; above it 431"],
      ],
    },
    {
      path: "src/wire/h2/limits.ts",
      exports: h2,
      rows: [
        [
          "SERVER_HEADER_LIST_SIZE_MAX",
          "headers of one HTTP/2 request",
          ZTUNNEL,
        ],
      ],
    },
    {
      path: "src/decide/http/limits.ts",
      exports: query,
      rows: [
        ["PATH_LENGTH_MAX", "path with its query, characters"],
        [
          "QUERY_PARAMETERS_MAX",
          "parameters of a query that a match looks into",
        ],
      ],
    },
    {
      path: "src/proxy/waypoint/limits.ts",
      exports: waypoint,
      rows: [
        ["SNIFF_MS", "first octets on a port that declares HTTP"],
        [
          "SNIFF_UNDECLARED_MS",
          "first octets on a port that declares nothing; then it is TCP",
        ],
        [
          "CLIENT_STREAMS_MAX",
          "requests in progress on one HTTP/2 connection",
          "Envoy",
        ],
        ["IDLE_UPSTREAMS_MAX", "idle connections kept for one endpoint"],
        ["IDLE_UPSTREAM_MS", "idle time before one is closed"],
        [
          "REPLAY_MAX",
          "body that is kept, so that a request can be tried again",
        ],
        ["MIRROR_WAITING_MAX", "body that waits for a mirror; then it is left"],
        ["CONNECT_ATTEMPTS_MAX", "endpoints tried for a TCP connection"],
      ],
    },
    {
      path: "src/decide/token/limits.ts",
      exports: token,
      rows: [
        ["TOKEN_LENGTH_MAX", "one token, characters"],
        ["TOKENS_MAX", "tokens in one request"],
        [
          "CLOCK_SKEW_SECONDS",
          "difference of clocks that is let pass",
          "Envoy",
        ],
      ],
    },
    {
      path: "src/control/jwks/limits.ts",
      exports: jwks,
      rows: [
        ["JWKS_SIZE_MAX", "key set or OpenID configuration, octets"],
        ["JWKS_KEYS_MAX", "keys in one set"],
        ["REFRESH_MS", "time between fetches of a set", ISTIO],
      ],
    },
  ],
};

const CONFIGURATION: LimitGroup = {
  title: "Configuration and control plane",
  parts: [
    {
      path: "src/control/config_limits.ts",
      exports: files,
      rows: [
        ["CONFIG_FILE_BYTES_MAX", "one file of `--config`"],
        ["CONFIG_FILES_MAX", "files of all folders together"],
        ["CONFIG_DOCUMENTS_MAX", "documents of one file"],
        ["YAML_ALIASES_MAX", "values that aliases of one document stand for"],
      ],
    },
    {
      path: "src/config/limits.ts",
      exports: config,
      rows: [
        ["PROXY_CONFIG_MAX", "`PROXY_CONFIG` or the mesh file, characters"],
        ["WORKERS_MAX", "data-plane threads"],
      ],
    },
    {
      path: "src/kube/limits.ts",
      exports: kube,
      rows: [
        ["POLICY_RULES_MAX", "rules of one AuthorizationPolicy", ISTIO],
        ["POLICY_TARGETS_MAX", "targets of one policy", ISTIO],
        ["EXTENSION_PROVIDERS_MAX", "extension providers of a mesh"],
      ],
    },
    {
      path: "src/kube/deployment/limits.ts",
      exports: deployment,
      rows: [
        ["DEPLOYED_NAME_LENGTH_MAX", "name of a deployed Gateway, characters"],
        [
          "INFRASTRUCTURE_ENTRIES_MAX",
          "labels, and annotations, of its `spec.infrastructure`",
          GATEWAY_API,
        ],
        [
          "ANNOTATION_LENGTH_MAX",
          "one of these annotations, characters",
          GATEWAY_API,
        ],
      ],
    },
    {
      path: "src/control/deployer/limits.ts",
      exports: deployer,
      rows: [
        ["GATEWAYS_AT_ONCE", "Gateways that are deployed at the same time"],
        ["REAPPLY_MS", "time until what was applied is applied again"],
      ],
    },
    {
      path: "src/kube/routes/limits.ts",
      exports: routes,
      rows: [
        ["RULES_MAX", "rules of one route", GATEWAY_API],
        ["MATCHES_PER_RULE_MAX", "matches of one rule", GATEWAY_API],
        ["MATCHES_PER_ROUTE_MAX", "matches of one route", GATEWAY_API],
        ["BACKEND_REFS_MAX", "backends of one rule", GATEWAY_API],
        ["FILTERS_MAX", "filters of one rule", GATEWAY_API],
        ["RETRY_ATTEMPTS_MAX", "attempts after the first"],
      ],
    },
    {
      path: "src/control/xds/limits.ts",
      exports: xds,
      rows: [
        ["RESOURCES_MAX", "resources of one type; more are refused"],
        ["ON_DEMAND_NAMES_MAX", "names that are asked for on demand"],
        ["ON_DEMAND_WAIT_MS", "wait for the answer to one"],
      ],
    },
    {
      path: "src/wire/xds/limits.ts",
      exports: xdsWire,
      rows: [
        ["MESSAGE_OCTETS_MAX", "one message of istiod's", ZTUNNEL],
        ["RESOURCE_OCTETS_MAX", "one resource"],
      ],
    },
    {
      path: "src/control/zds/limits.ts",
      exports: pods,
      rows: [["PODS_MAX", "pods of one node"]],
    },
    {
      path: "src/control/certificates/limits.ts",
      exports: certificates,
      rows: [
        ["IDENTITIES_MAX", "identities kept at the same time"],
        ["ISSUES_MAX", "certificates asked for at the same time", ZTUNNEL],
        ["ISSUE_TIMEOUT_MS", "patience with one attempt"],
        ["RETRY_MAX_MS", "longest delay after failures", ZTUNNEL],
      ],
    },
    {
      path: "src/wire/crl/limits.ts",
      exports: crl,
      rows: [["CRL_FILE_MAX", "file of revocation lists (`CRL_PATH`), octets"]],
    },
  ],
};

const DNS_AND_METRICS: LimitGroup = {
  title: "DNS in pods, metrics",
  parts: [
    {
      path: "src/proxy/dns/limits.ts",
      exports: dns,
      rows: [
        [
          "QUERIES_PER_POD_MAX",
          "open queries of one pod in one worker; more get SERVFAIL",
        ],
        ["FORWARDS_PER_POD_MAX", "of these, waiting for upstreams"],
        [
          "TCP_CONNECTIONS_PER_POD_MAX",
          "connections of one pod in one worker; more are refused",
        ],
        ["FORWARD_MS", "from a query's forwarding to its last hope"],
      ],
    },
    {
      path: "src/telemetry/metrics.ts",
      exports: telemetry,
      rows: [[
        "SERIES_MAX",
        "label sets of one metric in one thread; more are counted together",
      ]],
    },
  ],
};

/** In the order of the page. */
export const LIMIT_GROUPS: readonly LimitGroup[] = [
  CONNECTIONS,
  HTTP,
  CONFIGURATION,
  DNS_AND_METRICS,
];
