import { equal } from "node:assert/strict";
import { parseSocketAddress } from "../../src/model/address.ts";
import { DEFAULT_WORKLOAD } from "../../src/model/workload.ts";
import { AccessLog } from "../../src/telemetry/access_log.ts";
import { createLogging, type LogFormat } from "../../src/telemetry/log.ts";
import {
  peerOfBaggage,
  peerOfWorkload,
  type TrafficContext,
} from "../../src/telemetry/traffic.ts";

const address = (text: string) => parseSocketAddress(text)!;

function written(
  say: (log: AccessLog) => void,
  filter = "info",
  format: LogFormat = "plain",
): string {
  let text = "";
  const logging = createLogging({
    format,
    filter,
    write: (lines) => text += lines,
    now: () => new Date("2026-08-20T10:15:30.123Z"),
  });
  say(new AccessLog(logging.scope("access")));
  logging.flush();
  return text;
}

const outbound: TrafficContext = {
  reporter: "source",
  src: address("10.0.1.5:40112"),
  source: peerOfWorkload({
    ...DEFAULT_WORKLOAD,
    name: "web-5c9",
    namespace: "shop",
  }),
  sourcePrincipal: "spiffe://cluster.local/ns/shop/sa/web",
  dst: address("10.0.2.8:15008"),
  hboneAddress: "10.0.2.8:8080",
  destination: peerOfWorkload({
    ...DEFAULT_WORKLOAD,
    name: "cart-7d9",
    namespace: "shop",
  }),
  destinationPrincipal: "spiffe://cluster.local/ns/shop/sa/cart",
  service: {
    hostname: "cart.shop.svc.cluster.local",
    name: "cart",
    namespace: "shop",
  },
  mutualTls: true,
};

const inbound: TrafficContext = {
  reporter: "destination",
  src: address("[fd00::1]:33050"),
  source: peerOfBaggage({
    cluster: "",
    namespace: "shop",
    workloadType: "deployment",
    workloadName: "web",
    canonicalName: "web-service",
    canonicalRevision: "v1",
    region: "",
    zone: "",
  }),
  dst: address("10.0.2.8:8080"),
  destinationPrincipal: "spiffe://cluster.local/ns/shop/sa/cart",
  mutualTls: false,
};

const sizes = { received: 120, sent: 512, durationMs: 13.2 };

Deno.test("complete() writes an outbound tunnel with ztunnel's fields in its order", () => {
  equal(
    written((log) => log.complete(outbound, sizes)),
    "2026-08-20T10:15:30.123000Z\tinfo\taccess\tconnection complete\t" +
      'src.addr=10.0.1.5:40112 src.workload="web-5c9" src.namespace="shop" ' +
      'src.identity="spiffe://cluster.local/ns/shop/sa/web" src.cluster="Kubernetes" ' +
      "dst.addr=10.0.2.8:15008 dst.hbone_addr=10.0.2.8:8080 " +
      'dst.service="cart.shop.svc.cluster.local" dst.workload="cart-7d9" dst.namespace="shop" ' +
      'dst.identity="spiffe://cluster.local/ns/shop/sa/cart" dst.cluster="Kubernetes" ' +
      'direction="outbound" bytes_sent=120 bytes_recv=512 duration="13ms"\n',
  );
});

Deno.test("complete() swaps the byte counts of an inbound connection, and hides identities without TLS", () => {
  equal(
    written((log) => log.complete(inbound, sizes)),
    "2026-08-20T10:15:30.123000Z\tinfo\taccess\tconnection complete\t" +
      'src.addr=[fd00::1]:33050 src.workload="web-service" src.namespace="shop" ' +
      'dst.addr=10.0.2.8:8080 direction="inbound" bytes_sent=512 bytes_recv=120 duration="13ms"\n',
  );
});

Deno.test("complete() writes a failure at error level with its text last", () => {
  const error =
    "connection closed due to policy rejection: explicitly denied by: shop/x";
  const line = written((log) => log.complete(inbound, { ...sizes, error }));
  equal(line.split("\t")[1], "error");
  equal(line.endsWith(`duration="13ms" error="${error}"\n`), true);
});

Deno.test("complete() says what was done about a bypassed waypoint", () => {
  const line = written((log) =>
    log.complete({ ...inbound, bypass: "observe" }, sizes)
  );
  equal(line.includes('direction="inbound" waypoint.bypass="observe" '), true);
});

Deno.test("opened() is for debug, without sizes", () => {
  equal(written((log) => log.opened(inbound)), "");
  equal(
    written((log) => log.opened(inbound), "debug"),
    "2026-08-20T10:15:30.123000Z\tdebug\taccess\tconnection opened\t" +
      'src.addr=[fd00::1]:33050 src.workload="web-service" src.namespace="shop" ' +
      'dst.addr=10.0.2.8:8080 direction="inbound"\n',
  );
});

Deno.test("failed() warns with addresses, direction and error only", () => {
  equal(
    written((log) =>
      log.failed({
        src: address("10.0.1.5:1"),
        dst: address("10.0.2.8:15008"),
        direction: "inbound",
        error: "tls handshake error: eof",
      })
    ),
    "2026-08-20T10:15:30.123000Z\twarn\taccess\tconnection failed\t" +
      'src.addr=10.0.1.5:1 dst.addr=10.0.2.8:15008 direction="inbound" error="tls handshake error: eof"\n',
  );
});

Deno.test("complete() writes numbers as numbers in JSON", () => {
  const line = JSON.parse(
    written((log) => log.complete(outbound, sizes), "info", "json"),
  );
  equal(line["bytes_sent"], 120);
  equal(line["dst.hbone_addr"], "10.0.2.8:8080");
});
