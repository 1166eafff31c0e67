/** Every variable of ztunnel's: each changes something here, or is refused by its name. */
import assert from "node:assert/strict";
import { ConfigError } from "../../src/base/errors.ts";
import { parseConfig } from "../../src/config/parse_config.ts";
import type { Variables } from "../../src/config/settings.ts";
import { MACHINE } from "./support.ts";

/** "unread": neither does ztunnel read it, any more. */
type Fate = "honoured" | "refused" | "unread";

/** The chart's arguments, in a cluster. */
const ARGUMENTS = ["proxy", "ztunnel"];
const CLUSTER = {
  KUBERNETES_SERVICE_HOST: "10.0.0.1",
  KUBERNETES_SERVICE_PORT: "443",
};

const PEM = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----";

const rows: [name: string, value: string, fate: Fate, beside?: Variables][] = [
  ["PROXY_MODE", "dedicated", "honoured", { PROXY_WORKLOAD_INFO: "a/b/c" }],
  ["PROXY_WORKLOAD_INFO", "a/b/c", "honoured"],
  ["ENABLE_PROXY", "false", "honoured"],
  ["NODE_NAME", "n", "honoured"],
  ["NETWORK", "n", "honoured"],
  ["CLUSTER_ID", "c", "honoured"],
  ["ISTIO_META_CLUSTER_ID", "c", "honoured"],
  ["CLUSTER_DOMAIN", "d", "honoured"],
  ["XDS_ADDRESS", "i:1", "honoured"],
  ["XDS_ROOT_CA", PEM, "honoured"],
  ["CA_ROOT_CA", PEM, "honoured"],
  ["ALT_XDS_HOSTNAME", "h", "honoured"],
  ["ALT_CA_HOSTNAME", "h", "honoured"],
  ["XDS_ON_DEMAND", "true", "honoured", { ISTIO_META_DNS_CAPTURE: "false" }],
  ["XDS_HEADER_X", "y", "honoured"],
  ["CA_HEADER_X", "y", "honoured"],
  ["CA_ADDRESS", "c:1", "honoured"],
  ["FAKE_CA", "true", "honoured"],
  ["SECRET_TTL", "1h", "honoured"],
  ["AUTH_TOKEN", "t", "honoured"],
  ["LOCAL_XDS_PATH", "f", "honoured"],
  ["LOCAL_XDS", "a: 1", "honoured"],
  ["PREFERED_SERVICE_NAMESPACE", "n", "honoured"],
  ["INPOD_UDS", "/u", "honoured"],
  ["INPOD_PORT_REUSE", "false", "honoured"],
  ["PACKET_MARK", "7", "honoured"],
  ["ENABLE_ORIG_SRC", "false", "honoured"],
  ["IPV6_ENABLED", "false", "honoured"],
  ["KEEPALIVE_ENABLED", "false", "honoured"],
  ["KEEPALIVE_TIME", "1s", "honoured"],
  ["KEEPALIVE_INTERVAL", "1s", "honoured"],
  ["KEEPALIVE_RETRIES", "1", "honoured"],
  ["USER_TIMEOUT_ENABLED", "true", "honoured"],
  ["HTTP2_STREAM_WINDOW_SIZE", "65536", "honoured"],
  ["HTTP2_CONNECTION_WINDOW_SIZE", "65536", "honoured"],
  ["HTTP2_FRAME_SIZE", "16384", "honoured"],
  ["POOL_MAX_STREAMS_PER_CONNECTION", "1", "honoured"],
  ["POOL_UNUSED_RELEASE_TIMEOUT", "1s", "honoured"],
  ["CONNECTION_TERMINATION_DEADLINE", "1s", "honoured"],
  ["TERMINATION_GRACE_PERIOD_SECONDS", "30", "honoured"],
  ["ZTUNNEL_WORKER_THREADS", "7", "honoured"],
  ["ZTUNNEL_CPU_LIMIT", "64", "honoured"],
  ["ZTUNNEL_RESOURCE_CPU_LIMIT", "7", "honoured"],
  ["ZTUNNEL_RESOURCE_CPU_REQUEST", "7", "honoured"],
  ["ISTIO_META_DNS_CAPTURE", "false", "honoured"],
  ["ISTIO_META_DNS_PROXY_ADDR", "127.0.0.1:53", "honoured"],
  ["UNSTABLE_ENABLE_SOCKS5", "true", "honoured"],
  ["LOCALHOST_APP_TUNNEL", "false", "honoured"],
  ["ENABLE_RESPONSE_BAGGAGE", "false", "honoured"],
  ["CRL_PATH", "/crl", "honoured"],
  ["COMPLIANCE_POLICY", "pqc", "refused"],
  ["TLS12_ENABLED", "true", "honoured"],
  ["AUTHZ_POLICY_INFO_LOGGING", "true", "honoured"],
  ["RUST_LOG", "debug", "honoured"],
  ["LOG_FORMAT", "json", "honoured"],
  ["POD_NAME", "p", "honoured"],
  ["POD_NAMESPACE", "p", "honoured"],
  ["SERVICE_ACCOUNT", "s", "honoured"],
  ["TRUST_DOMAIN", "t", "honoured"],
  ["INSTANCE_IP", "10.0.0.1", "honoured"],
  ["ISTIO_META_ISTIO_VERSION", "1.30", "honoured"],
  ["ISTIO_META_ANYTHING", "x", "honoured"],
  ["ISTIO_METAJSON_X", "1", "honoured"],
  ["PROXY_CONFIG", '{"concurrency":7}', "honoured"],
  ["PROXY_CONFIG", '{"discoveryAddress":"i:1"}', "honoured"],
  ["PROXY_CONFIG", '{"proxyAdminPort":1}', "honoured"],
  ["PROXY_CONFIG", '{"statsPort":1}', "honoured"],
  ["PROXY_CONFIG", '{"proxyMetadata":{"DNS_CAPTURE":"no"}}', "honoured"],
  ["INPOD_ENABLED", "true", "unread"],
  ["TRUST_DOMAIN_ALIASES", "t", "unread"],
  ["RUST_BACKTRACE", "1", "unread"],
];

const parse = (variables: Variables) =>
  parseConfig(ARGUMENTS, { ...CLUSTER, ...variables }, MACHINE);

for (const [name, value, fate, beside = {}] of rows) {
  Deno.test(`${name}=${value.slice(0, 40)} is ${fate}`, () => {
    const variables = { ...beside, [name]: value };
    if (fate === "refused") {
      assert.throws(() => parse(variables), (error) => {
        assert.ok(error instanceof ConfigError);
        assert.match(error.message, new RegExp(name));
        assert.match(error.message, /not supported/);
        return true;
      });
    } else {
      const without = parse(beside);
      const found = parse(variables);
      if (fate === "honoured") assert.notDeepEqual(found, without);
      else assert.deepEqual(found, without);
    }
  });
}

Deno.test("what ztunnel's chart sets is taken as it is", () => {
  const command = parse({
    CA_ADDRESS: "istiod.istio-system.svc:15012",
    XDS_ADDRESS: "istiod.istio-system.svc:15012",
    RUST_LOG: "info",
    RUST_BACKTRACE: "1",
    ISTIO_META_CLUSTER_ID: "Kubernetes",
    INPOD_ENABLED: "true",
    TERMINATION_GRACE_PERIOD_SECONDS: "30",
    POD_NAME: "ztunnel-x",
    POD_NAMESPACE: "istio-system",
    NODE_NAME: "node-a",
    INSTANCE_IP: "10.0.0.7",
    SERVICE_ACCOUNT: "ztunnel",
    ZTUNNEL_CPU_LIMIT: "2",
    ISTIO_META_ENABLE_HBONE: "true",
    NETWORK: "",
  });
  assert.equal(command.kind, "run");
});
