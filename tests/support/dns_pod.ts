import {
  DnsResolver,
  DnsServer,
  SystemResolvers,
} from "../../src/proxy/dns/mod.ts";
import { DnsMetrics } from "../../src/telemetry/dns_metrics.ts";
import { truncate } from "../../src/wire/dns/mod.ts";
import { readQuery } from "../../src/wire/dns/decode.ts";
import { responseTo } from "../wire/dns/messages.ts";
import type { Script } from "./dns_upstream.ts";
import { TestProxy } from "./proxy_context.ts";
import { pod, service } from "./sample_mesh.ts";
import { makeTestNetns, type TestNetns } from "./test_netns.ts";

export const FIRST = "10.53.0.1";
export const SECOND = "10.53.0.2";
export const LISTEN = { host: "localhost", port: 15_053 };

const MANY = Array.from({ length: 60 }, (_, i) => `10.9.0.${i}`);
const MESH = {
  workloads: [pod("web", ["10.1.0.1"], { canonicalName: "web" })],
  services: [
    service("web", ["10.2.0.1", "fd02::1"]),
    service("many", MANY),
  ],
};

/** A pod with a DNS server, and a resolv.conf that names the upstreams' addresses. */
export class DnsPod implements AsyncDisposable {
  private constructor(
    readonly netns: TestNetns,
    readonly proxy: TestProxy,
    readonly resolver: DnsResolver,
    readonly server: DnsServer,
    readonly conf: string,
  ) {}

  static async make(
    conf = `nameserver ${FIRST}\nnameserver ${SECOND}\noptions timeout:1\n`,
    fields: ConstructorParameters<typeof TestProxy>[1] = {},
  ): Promise<DnsPod> {
    const netns = await makeTestNetns();
    for (const upstream of [FIRST, SECOND]) {
      await netns.sh(`ip address add ${upstream}/32 dev lo`);
    }
    const path = await Deno.makeTempFile();
    await Deno.writeTextFile(path, conf);
    const proxy = new TestProxy(MESH, {
      workloadOf: () => Promise.resolve(MESH.workloads[0]),
      randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
      ...fields,
    });
    const { context } = proxy;
    const resolvers = new SystemResolvers(path, context.log("dns::forwarder"));
    const resolver = new DnsResolver({
      context,
      pod: proxy.served.info,
      podNetns: () => netns.fd,
      names: {
        clusterDomain: "cluster.local",
        preferredNamespace: undefined,
        ipv6: true,
      },
      metrics: new DnsMetrics(proxy.registry),
      resolvers: () => resolvers.current(),
    });
    const server = new DnsServer({
      listen: LISTEN,
      ipv6: true,
      netns: netns.fd,
      mark: undefined,
      reusePort: true,
      log: context.log("dns::server"),
    }, () => resolver);
    return new DnsPod(netns, proxy, resolver, server, path);
  }

  /** `STATUS: ANSWERS` of dig, with what of it is asked for. */
  async dig(question: string, more = ""): Promise<string> {
    const text = await this.netns.sh(
      `dig -p 15053 @127.0.0.1 +tries=1 +time=8 ${more} ${question} || true`,
    );
    const status = /status: (\w+)/.exec(text)?.[1] ?? "no answer";
    const answers = text.split("\n")
      .filter((line) => line !== "" && !line.startsWith(";"))
      .map((line) => line.split(/\s+/).slice(3).join(" "));
    return [`${status}:`, ...answers].join(" ");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.stop();
    await this.netns[Symbol.asyncDispose]();
    await Deno.remove(this.conf);
  }
}

export const answers: Script = (query) => [
  responseTo(query, [{ type: "A", name: "x.example", data: "192.0.2.7" }]),
];
export const nothing: Script = () => [];
export const withRcode = (rcode: number): Script => (query) => {
  const reply = responseTo(query, []);
  reply[3] = reply[3]! & 0xf0 | rcode;
  return [reply];
};
export const truncated: Script = (query) => {
  const read = readQuery(query);
  return read.kind === "query" ? [truncate(read.query)] : [];
};
