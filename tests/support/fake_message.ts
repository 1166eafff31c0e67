import type {
  AnswerKind,
  MessageReceiver,
  MessageStream,
} from "../../src/net/message_stream.ts";
import type { HeaderList } from "../../src/model/http.ts";

/** A message stream whose peer is the test. */
export class FakeMessage implements MessageStream {
  receiver: MessageReceiver | undefined;
  paused = false;
  wasReset = false;
  /** What was sent, in order. */
  readonly sent: (HeaderList | string)[] = [];
  readonly #early: ((receiver: MessageReceiver) => void)[] = [];

  attach(receiver: MessageReceiver): void {
    this.receiver = receiver;
    for (const tell of this.#early.splice(0)) tell(receiver);
  }

  /** The peer sends a header list. */
  headers(list: HeaderList, kind: AnswerKind = "response", end = false): void {
    this.#tell((receiver) => receiver.onHeaders?.(list, kind, end));
  }

  /** The peer sends octets of a body, in memory that it uses again. */
  data(text: string): void {
    const octets = new TextEncoder().encode(text);
    this.#tell((receiver) => {
      receiver.onData(octets);
      octets.fill(0);
    });
  }

  /** The peer ends its half. */
  finish(): void {
    this.#tell((receiver) => receiver.onEnd());
  }

  close(error?: Error): void {
    this.#tell((receiver) => receiver.onClose(error));
  }

  sendHeaders(headers: HeaderList): void {
    this.sent.push(headers);
  }

  write(octets: Uint8Array): boolean {
    this.sent.push(new TextDecoder().decode(octets));
    return true;
  }

  end(): void {
    this.sent.push("end");
  }

  endWith(trailers: HeaderList): void {
    this.sent.push(trailers, "end");
  }

  reset(): void {
    this.wasReset = true;
  }

  dismiss(): void {
    this.sent.push("dismiss");
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  #tell(what: (receiver: MessageReceiver) => void): void {
    if (this.receiver === undefined) this.#early.push(what);
    else what(this.receiver);
  }
}
