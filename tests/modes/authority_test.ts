import assert from "node:assert/strict";
import { parseConfig } from "../../src/config/mod.ts";
import type { Config } from "../../src/config/mod.ts";
import { IstioCa } from "../../src/control/istio_ca/mod.ts";
import { openAuthority, servesOthers } from "../../src/modes/authority.ts";
import { createLogging } from "../../src/telemetry/log.ts";
import { MACHINE } from "../config/support.ts";

function configOf(variables: Record<string, string>): Config {
  const args = ["--mode", "node", "--local-xds", "x"];
  const command = parseConfig(args, variables, MACHINE);
  assert.equal(command.kind, "run");
  return (command as Extract<typeof command, { kind: "run" }>).config;
}

function logOf(said: string[]) {
  const logging = createLogging({
    format: "plain",
    filter: "info",
    write: (text) => said.push(text),
    now: () => new Date(0),
  });
  return { log: logging.scope("identity"), flush: () => logging.flush() };
}

Deno.test("openAuthority() with FAKE_CA issues what nobody else believes, and says so", async () => {
  const said: string[] = [];
  const { log, flush } = logOf(said);
  const variables = { FAKE_CA: "true", SECRET_TTL: "1h" };
  const authority = await openAuthority(configOf(variables), log);
  const { signal } = new AbortController();
  const identity = {
    trustDomain: "cluster.local",
    namespace: "shop",
    serviceAccount: "cart",
  };
  const certificate = await authority.issue(identity, signal);
  assert.equal(certificate.spiffeId, "spiffe://cluster.local/ns/shop/sa/cart");
  assert.ok(certificate.notAfterMs <= Date.now() + 3_600_000);
  const again = await openAuthority(configOf(variables), log);
  const other = await again.issue(identity, signal);
  assert.notEqual(other.rootsPem, certificate.rootsPem);
  flush();
  assert.match(
    said.join(""),
    /warn\tidentity\tcertificates are of a test authority/,
  );
});

Deno.test("openAuthority() with CA_ADDRESS asks Istio's, once it is asked", async () => {
  const variables = { CA_ADDRESS: "127.0.0.1:1", CA_ROOT_CA: "SYSTEM" };
  const { log } = logOf([]);
  const authority = await openAuthority(configOf(variables), log);
  assert.ok(authority instanceof IstioCa);
  authority[Symbol.dispose]();
});

Deno.test("servesOthers() says no of a waypoint and of a pod's own proxy", () => {
  assert.ok(servesOthers({ mode: "node", proxyMode: "shared" }));
  assert.ok(!servesOthers({ mode: "node", proxyMode: "dedicated" }));
  assert.ok(!servesOthers({ mode: "waypoint", proxyMode: "shared" }));
});
