import type { ByteReceiver, ByteStream } from "./byte_stream.ts";

/** A stream in front of another, which does all that is not done here. */
export abstract class WrappedStream<S extends ByteStream = ByteStream>
  implements ByteStream {
  protected readonly inner: S;

  constructor(inner: S) {
    this.inner = inner;
  }

  abstract attach(receiver: ByteReceiver): void;

  write(octets: Uint8Array): boolean {
    return this.inner.write(octets);
  }

  end(): void {
    this.inner.end();
  }

  reset(passedOn?: boolean): void {
    this.inner.reset(passedOn);
  }

  dismiss(): void {
    this.inner.dismiss();
  }

  pause(): void {
    this.inner.pause();
  }

  resume(): void {
    this.inner.resume();
  }
}
