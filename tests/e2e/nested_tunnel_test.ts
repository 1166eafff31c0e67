/** Calls to a service of another network, by tunnels inside those to its gateway. */
import assert from "node:assert/strict";
import { greetingOf, sendTcp } from "../lab/mod.ts";
import { findZtunnel } from "../lab/ztunnel.ts";
import { AccessTail, call } from "./calls.ts";
import { ECHO_PORT, HTTP_PORT, labTest } from "./support.ts";
import type { Kind } from "./static_proxies.ts";
import { hostOf, idOf, TwoNetworks, VIPS } from "./two_networks.ts";

const ztunnel = await findZtunnel(Deno.env.get("HAIRPIN_TEST_TOOLS"));
const kinds: readonly Kind[] = ztunnel === undefined
  ? ["hairpin"]
  : ["hairpin", "ztunnel"];
const among = ztunnel === undefined
  ? "hairpins (not ztunnel: HAIRPIN_TEST_TOOLS names no folder with it)"
  : "hairpin and ztunnel";

/** More than the windows of any layer hold, and an end that both sides pass on. */
const TEXT = "half-closed ".repeat(1_000_000);

labTest(`a service of another network is reached by ${among}`, async () => {
  await using networks = await TwoNetworks.start({ ztunnel });
  const { lab } = networks;
  for (const from of kinds) {
    for (const to of kinds) {
      const [client, server] = [networks.client(from), networks.server(to)];
      const near = new AccessTail(networks.proxyOf(client));
      const far = new AccessTail(networks.proxyOf(server));
      const url = `http://${VIPS[to]}:${HTTP_PORT}/`;
      const reply = await call(lab, client, url);
      assert.equal(reply.body, `${greetingOf(server)}\n`, `${from} to ${to}`);

      const { fields } = await near.until({ direction: "outbound" });
      const asked = `${hostOf(to)}:${HTTP_PORT}`;
      const wanted = {
        "src.workload": client.name,
        "src.identity": idOf(client.name),
        "dst.addr": `${networks.gatewayPod.ips[0]}:15008`,
        "dst.hbone_addr": asked,
        "dst.service": hostOf(to),
        "dst.workload": server.name,
        "dst.namespace": "default",
        "dst.cluster": "cluster-2",
        "dst.identity": idOf(server.name),
        "bytes_sent": `${reply.sent}`,
        "bytes_recv": `${reply.received}`,
      };
      for (const [name, value] of Object.entries(wanted)) {
        assert.equal(fields[name], value, `${from} to ${to}: ${name}`);
      }
      assert.equal(fields["error"], undefined);
      const arrived = await far.until({ direction: "inbound" });
      assert.equal(arrived.fields["src.identity"], idOf(client.name));
      assert.equal(arrived.fields["dst.hbone_addr"], asked);
      assert.equal(arrived.fields["src.workload"], client.name);
      assert.equal(arrived.fields["error"], undefined);
      const { stdout } = await sendTcp(lab, client, VIPS[to], ECHO_PORT, TEXT);
      assert.ok(stdout === TEXT, `${from} to ${to}: ${stdout.length} octets`);
    }
  }
  const authorities = networks.asked.map((headers) => headers[":authority"]);
  const expected = kinds.flatMap(() =>
    kinds.flatMap((to) =>
      [HTTP_PORT, ECHO_PORT].map((port) => `${hostOf(to)}:${port}`)
    )
  );
  assert.deepEqual(authorities, expected);
});

const impostors: [
  name: string,
  options: { readonly gatewayIs: string } | { readonly vouched: string },
  error: RegExp,
][] = [
  [
    "a gateway with another's certificate",
    { gatewayIs: "intruder" },
    /identity verification error.*sa\/gw.*sa\/intruder/,
  ],
  [
    "a server for whom the service does not vouch",
    { vouched: idOf("somebody") },
    /identity verification error.*sa\/somebody.*sa\/web-h/,
  ],
];
for (const [name, options, error] of impostors) {
  labTest(`nothing goes by ${name}, from ${among}`, async () => {
    await using networks = await TwoNetworks.start({ ztunnel, ...options });
    const server = new AccessTail(networks.proxyOf(networks.server("hairpin")));
    for (const from of kinds) {
      const client = networks.client(from);
      const near = new AccessTail(networks.proxyOf(client));
      const url = `http://${VIPS.hairpin}:${HTTP_PORT}/`;
      const reply = await call(networks.lab, client, url);
      assert.equal(reply.status, 0, from);
      const { fields } = await near.until({ direction: "outbound" });
      assert.match(fields["error"] ?? "", error, from);
      assert.equal(fields["bytes_sent"], "0");
    }
    assert.deepEqual(
      server.lines.filter(({ fields }) => fields["bytes_sent"]),
      [],
    );
  });
}
