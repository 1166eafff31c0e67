/** HTTP connections from a waypoint to the workloads behind it, shared by requests. */
import { withoutHeaders } from "../../decide/http/header_list.ts";
import { connectOfUpgrade } from "../../decide/http/upgrade.ts";
import { formatAddress } from "../../model/address.ts";
import type { HeaderList } from "../../model/http.ts";
import type { Workload } from "../../model/workload.ts";
import type { OutboundRoute, ResolveRoute } from "../../decide/route_plan.ts";
import { dialStream } from "../../net/dial.ts";
import { H2Session } from "../../net/h2_session.ts";
import { Http1Session } from "../../net/http1_session.ts";
import type { MessageStream } from "../../net/message_stream.ts";
import { StreamTransport } from "../../net/transport.ts";
import type { ByteStream } from "../../net/byte_stream.ts";
import type { ProxyContext, ServedPod } from "../context.ts";
import { openTunnelStream } from "../outbound_tunnel.ts";
import { Http1Pool } from "./http1_pool.ts";
import { Http2Pool, type PoolEvents } from "./http2_pool.ts";
import { RESPONSE_HEADER_LIST_MAX } from "./limits.ts";
import { ConnectedUpgrade } from "./upgrade/upstream_switch.ts";

/** A way that leads to a workload, or to another waypoint. */
export type UpstreamRoute = Exclude<
  OutboundRoute,
  ResolveRoute | { kind: "reject" } | { kind: "double-hbone" }
>;

export type HttpVersion = "http1" | "http2";

/** Where to, by whom. */
export interface Hop {
  readonly route: UpstreamRoute;
  readonly pod: ServedPod;
  readonly workload: Workload;
  /** Waypoints passed, this one included. */
  readonly hops: number;
}

/** The upstream connections of one worker. */
export class Upstreams {
  readonly #context: ProxyContext;
  readonly #http1 = new Http1Pool();
  readonly #http2 = new Http2Pool();

  constructor(context: ProxyContext) {
    this.#context = context;
  }

  /**
   * Sends a request's head. An upgrade goes over HTTP/2 to those who take it
   * there, and over HTTP/1.1 to all others, whatever the version.
   *
   * @throws {HairpinError} when there is no connection to send it on; nothing
   * of the request has been seen then.
   */
  async open(
    hop: Hop,
    version: HttpVersion,
    request: { readonly headers: HeaderList; readonly end: boolean },
  ): Promise<MessageStream> {
    const key = keyOf(hop);
    if (version === "http1") return await this.#openHttp1(hop, key, request);
    const connect = (events: PoolEvents) => this.#connectHttp2(hop, events);
    const connecting = connectOfUpgrade(request.headers);
    if (connecting === undefined) {
      return await this.#http2.open(key, connect, {
        headers: withoutHeaders(request.headers, UPGRADE),
        end: request.end,
      });
    }
    if (!await this.#http2.takesExtendedConnect(key, connect)) {
      return await this.#openHttp1(hop, key, request);
    }
    const asked = { headers: connecting, end: false };
    const stream = await this.#http2.open(key, connect, asked);
    return new ConnectedUpgrade(stream, request.headers);
  }

  /** Opens a connection that carries octets as they are. */
  openOpaque(hop: Hop): Promise<ByteStream> {
    return connect(this.#context, hop);
  }

  /** Closes what is idle and lets the rest end. */
  drain(): void {
    this.#http1.drain();
    this.#http2.drain();
  }

  async #openHttp1(
    hop: Hop,
    key: string,
    { headers, end }: { headers: HeaderList; end: boolean },
  ): Promise<MessageStream> {
    const session = this.#http1.take(key) ??
      await this.#connectHttp1(hop, key);
    const stream = session.open(headers, end);
    if (stream instanceof Error) {
      session.destroy();
      throw stream;
    }
    return stream;
  }

  async #connectHttp1(hop: Hop, key: string): Promise<Http1Session> {
    const transport = new StreamTransport(await connect(this.#context, hop));
    const session: Http1Session = new Http1Session(transport, {
      role: "client",
      onIdle: () => this.#http1.keep(key, session),
      onClosed: () => this.#http1.forget(key, session),
    });
    return session;
  }

  async #connectHttp2(hop: Hop, events: PoolEvents): Promise<H2Session> {
    const transport = new StreamTransport(await connect(this.#context, hop));
    const { http2 } = this.#context.settings;
    return new H2Session(transport, {
      role: "client",
      http2,
      maxHeaderListSize: RESPONSE_HEADER_LIST_MAX,
      ...events,
    });
  }
}

/** Of a request that is no upgrade in HTTP/2, as it has another method or a body. */
const UPGRADE: ReadonlySet<string> = new Set(["upgrade"]);

/**
 * Everything that makes two connections different, and what their tunnels say,
 * as text that is the same for no two of them.
 */
const keyOf = ({ route, hops }: Hop): string => {
  const to = formatAddress(route.to);
  if (route.kind === "tcp") return JSON.stringify(["tcp", to]);
  const { authority, expected, service } = route;
  const host = service?.hostname ?? "";
  return JSON.stringify([to, authority, host, hops, ...expected]);
};

/** One connection to the workload itself: in a tunnel where it has one. */
async function connect(
  context: ProxyContext,
  { route, pod, workload, hops }: Hop,
): Promise<ByteStream> {
  if (route.kind === "tcp") {
    const { netns } = pod;
    const { tuning, packetMark: mark } = context.settings;
    return dialStream(route.to, { netns, tuning, mark });
  }
  const [ip] = workload.ips;
  return await openTunnelStream(context, pod, {
    source: workload,
    src: { ip: ip ?? route.to.ip, port: 0 },
    to: route.to,
    authority: route.authority,
    expected: route.expected,
    hops,
    ...(route.service === undefined
      ? {}
      : { serviceHost: route.service.hostname }),
  });
}
