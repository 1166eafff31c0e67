/** A data worker of a node: serves workloads, in both directions. */
import type { ProxySettings } from "../proxy/context.ts";
import { serveInboundPlaintext } from "../proxy/inbound_plaintext.ts";
import { serveInboundTunnel } from "../proxy/inbound_tunnel.ts";
import { serveOutbound } from "../proxy/outbound.ts";
import { serveSocks5 } from "../proxy/socks5/serve.ts";
import { INBOUND_HBONE_PORT, type MakePart, type Role } from "./worker_part.ts";

const OUTBOUND_PORT = 15_001;
const INBOUND_PLAINTEXT_PORT = 15_006;
const SOCKS5_PORT = 15_080;

/** A pod takes traffic before it sends some. */
const ROLES: readonly Role[] = [
  {
    component: "inbound",
    port: INBOUND_HBONE_PORT,
    reporter: "destination",
    redirected: false,
    serve: serveInboundTunnel,
  },
  {
    component: "inbound plaintext",
    port: INBOUND_PLAINTEXT_PORT,
    reporter: "destination",
    redirected: true,
    serve: serveInboundPlaintext,
  },
  {
    component: "outbound",
    port: OUTBOUND_PORT,
    reporter: "source",
    redirected: true,
    serve: serveOutbound,
  },
];

const SOCKS5: Role = {
  component: "socks5",
  port: SOCKS5_PORT,
  reporter: "source",
  redirected: false,
  loopback: true,
  serve: serveSocks5,
};

export const makeNodePart: MakePart = ({ context: { settings } }) => ({
  roles: rolesFor(settings),
  follow() {},
  keyReports: () => [],
  refuseNew() {},
  drain() {},
});

function rolesFor({ listeners, socks5 }: ProxySettings): readonly Role[] {
  if (listeners === false) return [];
  return socks5 ? [...ROLES, SOCKS5] : ROLES;
}
