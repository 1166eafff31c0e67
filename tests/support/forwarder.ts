/** A TCP forwarder that can go silent, as a network does that drops everything. */
export class Forwarder implements Disposable {
  readonly #listener: Deno.TcpListener;
  readonly #open = new Set<Deno.TcpConn>();
  #silent = false;
  #connections = 0;

  constructor(readonly target: number) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    void this.#accept();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /** Connections taken so far. */
  get connections(): number {
    return this.#connections;
  }

  /** From now on nothing gets through on connections that are open. */
  freeze(): void {
    this.#silent = true;
  }

  /** From now on new connections work; the old ones stay silent. */
  thaw(): void {
    this.#silent = false;
    this.#open.clear();
  }

  [Symbol.dispose](): void {
    this.#listener.close();
  }

  async #accept(): Promise<void> {
    for await (const near of this.#listener) {
      this.#connections++;
      const far = await Deno.connect({
        hostname: "127.0.0.1",
        port: this.target,
      });
      this.#open.add(near).add(far);
      void this.#copy(near, far);
      void this.#copy(far, near);
    }
  }

  async #copy(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(16 * 1024);
    try {
      for (;;) {
        const count = await from.read(buffer);
        if (count === null) break;
        if (this.#silent || !this.#open.has(to)) continue;
        for (let at = 0; at < count;) {
          at += await to.write(buffer.subarray(at, count));
        }
      }
    } catch {
      // One of the two is gone, and so the other goes.
    }
    for (const end of [from, to]) {
      try {
        end.close();
      } catch {
        // Closed from the other side already.
      }
    }
  }
}
