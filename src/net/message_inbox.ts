import type { HeaderList } from "../wire/h2/mod.ts";
import type { AnswerKind, MessageReceiver } from "./message_stream.ts";

/**
 * What a message stream received on its way to its receiver: kept until there
 * is one, in order, and paid for in credit only while it is not paused.
 */
export class MessageInbox {
  readonly #release: (octets: number) => void;
  #receiver: MessageReceiver | undefined;
  #early: ((receiver: MessageReceiver) => void)[] = [];
  #paused = false;
  #owed = 0;

  /** @param release Gives credit for octets back to the peer. */
  constructor(release: (octets: number) => void) {
    this.#release = release;
  }

  attach(receiver: MessageReceiver): void {
    this.#receiver = receiver;
    const early = this.#early.splice(0);
    for (const tell of early) tell(receiver);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#pay(0);
  }

  onHeaders(headers: HeaderList, kind: AnswerKind, end: boolean): void {
    this.#tell((receiver) => receiver.onHeaders?.(headers, kind, end));
  }

  onData(octets: Uint8Array): void {
    const taken = this.#receiver === undefined ? octets.slice() : octets;
    this.#tell((receiver) => {
      receiver.onData(taken);
      this.#pay(taken.length);
    });
  }

  onEnd(): void {
    this.#tell((receiver) => receiver.onEnd());
  }

  onDrain(): void {
    this.#receiver?.onDrain();
  }

  onClose(error: Error | undefined): void {
    this.#tell((receiver) => receiver.onClose(error));
  }

  #tell(what: (receiver: MessageReceiver) => void): void {
    if (this.#receiver === undefined) this.#early.push(what);
    else what(this.#receiver);
  }

  #pay(more: number): void {
    this.#owed += more;
    if (this.#paused || this.#owed === 0) return;
    const octets = this.#owed;
    this.#owed = 0;
    this.#release(octets);
  }
}
