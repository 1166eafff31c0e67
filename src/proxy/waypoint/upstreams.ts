/** HTTP connections from a waypoint to the workloads behind it, shared by requests. */
import { formatAddress } from "../../model/address.ts";
import type { HeaderList } from "../../model/http.ts";
import type { Workload } from "../../model/workload.ts";
import type { OutboundRoute, ResolveRoute } from "../../decide/route_plan.ts";
import { dialTcp } from "../../net/dial.ts";
import { TunnelError } from "../../net/errors.ts";
import { H2Session } from "../../net/h2_session.ts";
import { Http1Session } from "../../net/http1_session.ts";
import type { MessageStream } from "../../net/message_stream.ts";
import { TcpStream } from "../../net/tcp_stream.ts";
import { StreamTransport } from "../../net/transport.ts";
import type { ByteStream } from "../../net/byte_stream.ts";
import type { ProxyContext, ServedPod } from "../context.ts";
import { openTunnelStream } from "../outbound_tunnel.ts";
import { IDLE_UPSTREAM_MS, IDLE_UPSTREAMS_MAX } from "./limits.ts";

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

interface Idle {
  readonly session: Http1Session;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** The upstream connections of one worker. */
export class Upstreams {
  readonly #context: ProxyContext;
  readonly #idle = new Map<string, Idle[]>();
  readonly #http2 = new Map<string, Promise<H2Session>>();

  constructor(context: ProxyContext) {
    this.#context = context;
  }

  /**
   * Sends a request's head.
   *
   * @throws {HairpinError} when there is no connection to send it on; nothing
   * of the request has been seen then.
   */
  async open(
    hop: Hop,
    version: HttpVersion,
    request: { readonly headers: HeaderList; readonly end: boolean },
  ): Promise<MessageStream> {
    return version === "http2"
      ? await this.#openHttp2(hop, request)
      : await this.#openHttp1(hop, request);
  }

  /** Opens a connection that carries octets as they are. */
  openOpaque(hop: Hop): Promise<ByteStream> {
    return connect(this.#context, hop);
  }

  /** Closes what is idle and lets the rest end. */
  drain(): void {
    for (const idle of this.#idle.values()) {
      for (const { session, timer } of idle) {
        clearTimeout(timer);
        session.drain();
      }
    }
    this.#idle.clear();
    for (const session of this.#http2.values()) {
      session.then((s) => s.drain(), () => {});
    }
  }

  async #openHttp1(
    hop: Hop,
    { headers, end }: { headers: HeaderList; end: boolean },
  ): Promise<MessageStream> {
    const key = keyOf(hop);
    const session = this.#takeIdle(key) ?? await this.#connectHttp1(hop, key);
    const stream = session.open(headers, end);
    if (stream instanceof Error) {
      session.destroy();
      throw stream;
    }
    return stream;
  }

  #takeIdle(key: string): Http1Session | undefined {
    const idle = this.#idle.get(key) ?? [];
    for (;;) {
      const last = idle.pop();
      if (last === undefined) return undefined;
      clearTimeout(last.timer);
      if (last.session.canOpen) return last.session;
    }
  }

  async #connectHttp1(hop: Hop, key: string): Promise<Http1Session> {
    const stream = await connect(this.#context, hop);
    const session: Http1Session = new Http1Session(
      new StreamTransport(stream),
      {
        role: "client",
        onIdle: () => this.#keep(key, session),
      },
    );
    return session;
  }

  #keep(key: string, session: Http1Session): void {
    if (!session.canOpen) return;
    const idle = this.#idle.get(key) ?? [];
    if (idle.length >= IDLE_UPSTREAMS_MAX) return session.drain();
    const timer = setTimeout(() => {
      const kept = this.#idle.get(key)?.filter((i) => i.session !== session);
      if (kept !== undefined) this.#idle.set(key, kept);
      session.drain();
    }, IDLE_UPSTREAM_MS);
    idle.push({ session, timer });
    this.#idle.set(key, idle);
  }

  async #openHttp2(
    hop: Hop,
    { headers, end }: { headers: HeaderList; end: boolean },
  ): Promise<MessageStream> {
    const key = keyOf(hop);
    for (let attempt = 0;; attempt++) {
      const known = this.#http2.get(key) ?? this.#connectHttp2(hop, key);
      const stream = (await known).open(headers, end);
      if (stream !== undefined) return stream;
      // It is full or going: the next request gets a new one.
      if (this.#http2.get(key) === known) this.#http2.delete(key);
      if (attempt > 0) {
        throw new TunnelError("http2", "h2 failed: no room for a stream");
      }
    }
  }

  #connectHttp2(hop: Hop, key: string): Promise<H2Session> {
    const forget = () => {
      if (this.#http2.get(key) === opening) this.#http2.delete(key);
    };
    const opening = connect(this.#context, hop).then((stream) =>
      new H2Session(new StreamTransport(stream), {
        role: "client",
        http2: this.#context.settings.http2,
        onGoAway: forget,
        onClosed: forget,
      })
    );
    this.#http2.set(key, opening);
    opening.catch(forget);
    return opening;
  }
}

const keyOf = ({ route, hops }: Hop): string =>
  route.kind === "tcp"
    ? `tcp ${formatAddress(route.to)}`
    : [formatAddress(route.to), route.authority, route.expected.join(), hops]
      .join(" ");

/** One connection to the workload itself: in a tunnel where it has one. */
async function connect(
  context: ProxyContext,
  { route, pod, workload, hops }: Hop,
): Promise<ByteStream> {
  if (route.kind === "tcp") {
    const { netns } = pod;
    const { tuning, packetMark: mark } = context.settings;
    return new TcpStream(await dialTcp(route.to, { netns, tuning, mark }));
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
