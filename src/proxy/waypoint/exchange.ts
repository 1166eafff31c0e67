/** One request and its response, between a client and one backend after another. */
import type { HeaderList } from "../../model/http.ts";
import type { AnswerKind, MessageStream } from "../../net/message_stream.ts";

/** How one attempt at a backend ended. */
export type AttemptEnd =
  /** The response went to the client, whole or as far as it came. */
  | { readonly how: "answered"; readonly status: number; readonly cut: boolean }
  /** There is a response, and it was not wanted. */
  | { readonly how: "declined"; readonly status: number }
  /** No response came. */
  | { readonly how: "broken"; readonly error: Error | undefined }
  | { readonly how: "timeout" }
  /** The client left. */
  | { readonly how: "client-gone" };

export interface AttemptOptions {
  /** undefined: no limit. */
  readonly timeoutMs: number | undefined;
  /** Looks at a response before the client does; undefined declines it. */
  accept(headers: HeaderList): HeaderList | undefined;
}

/**
 * Joins a client's stream with that of a backend. The client's is attached
 * once; its body goes to whichever backend is being tried, and to mirrors.
 */
export class HttpExchange {
  readonly #client: MessageStream;
  readonly #mirrors: MessageStream[] = [];
  #upstream: MessageStream | undefined;
  #settle: ((end: AttemptEnd) => void) | undefined;
  #attached = false;
  #clientGone = false;
  requestOctets = 0;
  responseOctets = 0;

  constructor(client: MessageStream) {
    this.#client = client;
  }

  /** Sends a copy of the request's body, and reads the answer away. */
  mirror(stream: MessageStream): void {
    this.#mirrors.push(stream);
    stream.attach({ onData() {}, onEnd() {}, onDrain() {}, onClose() {} });
  }

  /** Carries the exchange with one backend, whose head has been sent. */
  attempt(
    upstream: MessageStream,
    options: AttemptOptions,
  ): Promise<AttemptEnd> {
    if (this.#clientGone) {
      upstream.reset();
      return Promise.resolve({ how: "client-gone" });
    }
    this.#upstream = upstream;
    return new Promise((resolve) => {
      const timer = options.timeoutMs === undefined
        ? undefined
        : setTimeout(() => settle({ how: "timeout" }), options.timeoutMs);
      const settle = (end: AttemptEnd) => {
        if (this.#settle === undefined) return;
        this.#settle = undefined;
        clearTimeout(timer);
        if (end.how !== "answered" || end.cut) upstream.reset();
        resolve(end);
      };
      this.#settle = settle;
      this.#attachUpstream(upstream, options);
      this.#attachClient();
    });
  }

  #attachUpstream(upstream: MessageStream, options: AttemptOptions): void {
    let status: number | undefined;
    let ended = false;
    const client = this.#client;
    upstream.attach({
      onHeaders: (headers, kind) => {
        if (this.#settle === undefined) return;
        if (kind === "trailers") return client.endWith(headers);
        const accepted = kind === "response"
          ? options.accept(headers)
          : headers;
        const found = statusOf(headers);
        if (accepted === undefined) {
          return this.#settle({ how: "declined", status: found });
        }
        if (begins(kind, found)) status = found;
        client.sendHeaders(accepted, false);
      },
      onData: (octets) => {
        if (this.#settle === undefined) return;
        this.responseOctets += octets.length;
        if (!client.write(octets)) upstream.pause();
      },
      onEnd: () => {
        ended = true;
        if (status === undefined || this.#settle === undefined) return;
        client.end();
        this.#settle({ how: "answered", status, cut: false });
      },
      onDrain: () => client.resume(),
      onClose: (error) => {
        if (status === undefined) this.#settle?.({ how: "broken", error });
        else if (!ended) {
          client.reset();
          this.#settle?.({ how: "answered", status, cut: true });
        }
      },
    });
  }

  #attachClient(): void {
    if (this.#attached) return;
    this.#attached = true;
    const client = this.#client;
    client.attach({
      onHeaders: (headers, kind) => {
        if (kind !== "trailers") return;
        this.#upstream?.endWith(headers);
        for (const mirror of this.#mirrors) mirror.endWith(headers);
      },
      onData: (octets) => {
        this.requestOctets += octets.length;
        if (this.#upstream?.write(octets) === false) client.pause();
        for (const mirror of this.#mirrors) mirror.write(octets);
      },
      onEnd: () => {
        this.#upstream?.end();
        for (const mirror of this.#mirrors) mirror.end();
      },
      onDrain: () => this.#upstream?.resume(),
      onClose: (error) => {
        if (error === undefined) return;
        this.#clientGone = true;
        for (const mirror of this.#mirrors) mirror.reset();
        this.#settle?.({ how: "client-gone" });
      },
    });
  }
}

const statusOf = (headers: HeaderList): number =>
  Number(headers.find(([name]) => name === ":status")?.[1]);

/** 101 is the last thing that an upgraded connection says in headers. */
const begins = (kind: AnswerKind, status: number): boolean =>
  kind === "response" || status === 101;
