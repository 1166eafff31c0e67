const encoder = new TextEncoder();

/** For one write at a time: what is made for one is garbage after it. */
const memory = new Uint8Array(64 * 1024);

/**
 * Writes whole lines to standard output, from any thread: one write for each
 * call of a usual size, as long as the pipe takes it.
 */
export function writeLog(text: string): void {
  for (let left = text; left !== "";) {
    const { read, written } = encoder.encodeInto(left, memory);
    writeAll(memory.subarray(0, written));
    left = left.slice(read);
  }
}

function writeAll(octets: Uint8Array): void {
  while (octets.length > 0) {
    octets = octets.subarray(Deno.stdout.writeSync(octets));
  }
}
