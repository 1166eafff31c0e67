import { headerValue } from "../../../decide/http/header_list.ts";
import { connectedOf, isSuccess } from "../../../decide/http/upgrade.ts";
import type { HeaderList } from "../../../model/http.ts";
import type {
  MessageReceiver,
  MessageStream,
} from "../../../net/message_stream.ts";
import { PassedStream } from "./passed_stream.ts";

/**
 * A client's extended CONNECT, for those who know upgrades: it has no body, and
 * 101 makes a tunnel of it. What the client sends earlier waits, no more of it
 * than its window lets through.
 */
export class ClientConnect extends PassedStream {
  #receiver: MessageReceiver | undefined;
  #early: (() => void)[] = [];
  #answer: "due" | "switched" | "refused" = "due";
  #paused = false;

  constructor(inner: MessageStream) {
    super(inner);
    inner.pause();
  }

  override attach(receiver: MessageReceiver): void {
    this.#receiver = receiver;
    this.inner.attach({
      onData: (octets) => this.#onData(octets),
      onEnd: () => this.#tell(() => this.#receiver?.onEnd()),
      onDrain: () => receiver.onDrain(),
      onClose: (error) => receiver.onClose(error),
    });
  }

  override sendHeaders(headers: HeaderList, end: boolean): void {
    const status = headerValue(headers, ":status") ?? "";
    if (status === "101") return this.#switch(headers);
    if (status.startsWith("1")) return this.inner.sendHeaders(headers, false);
    this.#answer = "refused";
    this.#early = [];
    this.inner.sendHeaders(
      isSuccess(status) ? withStatus502(headers) : headers,
      end,
    );
    if (end) this.inner.dismiss();
  }

  override end(): void {
    if (this.#answer === "refused") this.inner.dismiss();
    else this.inner.end();
  }

  override endWith(trailers: HeaderList): void {
    this.inner.endWith(trailers);
    this.inner.dismiss();
  }

  override pause(): void {
    this.#paused = true;
    this.inner.pause();
  }

  override resume(): void {
    this.#paused = false;
    if (this.#answer !== "due") this.inner.resume();
  }

  #switch(headers: HeaderList): void {
    this.#answer = "switched";
    this.inner.sendHeaders(connectedOf(headers), false);
    for (const tell of this.#early.splice(0)) tell();
    if (!this.#paused) this.inner.resume();
  }

  #onData(octets: Uint8Array): void {
    if (this.#answer === "switched") return this.#receiver?.onData(octets);
    if (this.#answer === "refused") return;
    const kept = octets.slice(); // the memory may be used again
    this.#early.push(() => this.#receiver?.onData(kept));
  }

  #tell(what: () => void): void {
    if (this.#answer === "switched") what();
    else if (this.#answer === "due") this.#early.push(what);
  }
}

/** Success would be taken for a tunnel, and there is none. */
const withStatus502 = (headers: HeaderList): HeaderList =>
  headers.map(([name, value]) => [name, name === ":status" ? "502" : value]);
