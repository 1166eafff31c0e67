/** The body of an answer to `fetch`. */
export type Body = ReadableStream<Uint8Array<ArrayBuffer>> | null;

/**
 * The chunks of a body, which is closed when nobody wants more of them.
 *
 * The signal is watched here and not left to `fetch`: that forgets it once the
 * request has been collected as garbage, and a read then waits for ever.
 */
export async function* chunksOf(
  body: Body,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  if (body === null) return;
  const reader = body.getReader();
  const cancel = () => reader.cancel().catch(() => {});
  signal.addEventListener("abort", cancel);
  try {
    for (;;) {
      signal.throwIfAborted();
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) return;
      yield value;
    }
  } finally {
    signal.removeEventListener("abort", cancel);
    await cancel();
  }
}
