const encoder = new TextEncoder();

/**
 * Writes whole lines to standard output, from any thread: one write for each
 * call, as long as the pipe takes it.
 */
export function writeLog(text: string): void {
  let octets = encoder.encode(text);
  while (octets.length > 0) {
    octets = octets.subarray(Deno.stdout.writeSync(octets));
  }
}
