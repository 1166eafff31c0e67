// A small HTTP/1.1 load generator: load.ts '{"url":…,"connections":…,"rate":…,"seconds":…,"keepalive":…}'
// Prints one JSON object: requests, perSecond, p50, p90, p99 (milliseconds).

interface Load {
  readonly url: string;
  readonly connections: number;
  readonly rate: number;
  readonly seconds: number;
  readonly keepalive: boolean;
}

const load: Load = JSON.parse(Deno.args[0] ?? "{}");
const url = new URL(load.url);
const target = {
  hostname: url.hostname.replaceAll(/[[\]]/g, ""),
  port: Number(url.port),
};
const request = new TextEncoder().encode(
  `GET ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\n` +
    `${load.keepalive ? "" : "Connection: close\r\n"}\r\n`,
);
const durations: number[] = [];
const start = performance.now();
const end = start + load.seconds * 1_000;
await Promise.all(
  Array.from({ length: load.connections }, (_, at) => drive(at)),
);
report((performance.now() - start) / 1_000);

/** One connection's share: at its own pace when a rate is asked for. */
async function drive(at: number): Promise<void> {
  const intervalMs = load.rate === 0 ? 0 : 1_000 * load.connections / load.rate;
  let due = start + at * intervalMs / load.connections;
  let connection: Deno.TcpConn | undefined;
  while (performance.now() < end) {
    if (intervalMs > 0) await sleepUntil(due);
    due += intervalMs;
    const began = performance.now();
    connection ??= await Deno.connect(target);
    await exchange(connection);
    durations.push(performance.now() - began);
    if (!load.keepalive) {
      connection.close();
      connection = undefined;
    }
  }
  connection?.close();
}

/** Sends the request and reads the whole response. */
async function exchange(connection: Deno.TcpConn): Promise<void> {
  await connection.write(request);
  const buffer = new Uint8Array(64 * 1024);
  let filled = 0;
  while (true) {
    const count = await connection.read(buffer.subarray(filled));
    if (count === null) {
      throw new Error("the server closed before the end of a response");
    }
    filled += count;
    const wanted = responseLength(
      new TextDecoder().decode(buffer.subarray(0, filled)),
    );
    if (wanted !== undefined && filled >= wanted) return;
  }
}

function responseLength(text: string): number | undefined {
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  if (!text.startsWith("HTTP/1.1 200 ")) throw new Error(text.slice(0, 40));
  const length = /content-length: (\d+)/i.exec(text.slice(0, headEnd))?.[1];
  if (length === undefined) {
    throw new Error("a response without content-length");
  }
  return headEnd + 4 + Number(length);
}

function sleepUntil(due: number): Promise<void> {
  return new Promise((resolve) =>
    setTimeout(resolve, Math.max(0, due - performance.now()))
  );
}

function report(seconds: number): void {
  durations.sort((a, b) => a - b);
  const at = (part: number) =>
    durations[Math.floor(durations.length * part)] ?? 0;
  console.log(JSON.stringify({
    requests: durations.length,
    perSecond: durations.length / seconds,
    ...{ p50: at(0.5), p90: at(0.9), p99: at(0.99) },
  }));
}
