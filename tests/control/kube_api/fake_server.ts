/** An API server whose answers a test writes by hand. */
import type { ClusterAccess } from "../../../src/control/kube_api/mod.ts";
import { KubeClient } from "../../../src/control/kube_api/mod.ts";
import { systemClock } from "../../../src/control/system_clock.ts";
import { opensslLeaf } from "../../support/openssl.ts";
import { makeTestCa } from "../../support/test_ca.ts";

/** What a request asked for, and as whom. */
export interface Asked {
  /** With its query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly authorization: string | null;
  readonly method: string;
  readonly contentType: string | null;
  /** Empty for a request without a body. */
  readonly body: string;
}

export type Answer = (
  asked: Asked,
  ordinal: number,
) => Response | Promise<Response>;

export class FakeServer implements AsyncDisposable {
  readonly asked: Asked[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  private constructor(
    readonly rootsPem: string,
    leaf: { readonly keyPem: string; readonly chainPem: string },
    answer: Answer,
  ) {
    const ready = { onListen() {}, onError: () => new Response(null) };
    const address = { hostname: "127.0.0.1", port: 0 };
    const pair = { key: leaf.keyPem, cert: leaf.chainPem };
    this.#server = Deno.serve(
      { ...address, ...pair, ...ready },
      async (request) => {
        const asked = await readAsked(request);
        this.asked.push(asked);
        return await answer(asked, this.asked.length - 1);
      },
    );
  }

  static async start(answer: Answer): Promise<FakeServer> {
    const ca = await makeTestCa();
    const leaf = await opensslLeaf(ca, {
      extensions: "subjectAltName=IP:127.0.0.1",
    });
    return new FakeServer(ca.certificatePem, leaf, answer);
  }

  access(over: Partial<ClusterAccess> = {}): ClusterAccess {
    return {
      server: `https://127.0.0.1:${this.#server.addr.port}`,
      roots: { kind: "inline", text: this.rootsPem },
      token: { kind: "inline", text: "secret" },
      clientCertificate: undefined,
      ...over,
    };
  }

  /** A client of it with short times. */
  client(over: Partial<ClusterAccess> = {}): KubeClient {
    return new KubeClient({
      access: this.access(over),
      clock: systemClock,
      headersTimeoutMs: 300,
      answerTimeoutMs: 300,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

async function readAsked(request: Request): Promise<Asked> {
  const { pathname, search, searchParams } = new URL(request.url);
  return {
    path: pathname + search,
    query: searchParams,
    authorization: request.headers.get("authorization"),
    method: request.method,
    contentType: request.headers.get("content-type"),
    body: await request.text(),
  };
}

/** A body that is sent in these parts; without an end when `endless`. */
export function bodyOf(
  parts: Iterable<string>,
  end: "closed" | "cut" | "open" = "closed",
): ReadableStream<Uint8Array> {
  const iterator = parts[Symbol.iterator]();
  const encoder = new TextEncoder();
  return new ReadableStream({
    pull(controller) {
      const { done, value } = iterator.next();
      if (!done) return controller.enqueue(encoder.encode(value));
      if (end === "closed") controller.close();
      if (end === "cut") controller.error(new Error("cut"));
      return end === "open" ? new Promise<void>(() => {}) : undefined;
    },
  });
}

/** What the API server answers with when it refuses. */
export const refusal = (status: number, message: string, headers = {}) =>
  Response.json({ kind: "Status", status: "Failure", message, code: status }, {
    status,
    headers,
  });
