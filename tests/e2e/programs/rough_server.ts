// An HTTP/1.1 server that answers by a script, and prints every head as it came:
// rough_server.ts PORT
//
// It never checks anything: what a proxy let through is seen. Responses name
// the connection and the request on it. `gone N` tells that a client left.

import { type Answer, ANSWERS } from "./rough_answers.ts";

const [port = ""] = Deno.args;
let connections = 0;

async function serve(connection: Deno.Conn, number: number): Promise<void> {
  const reader = new HeadReader(connection);
  for (let request = 1;; request++) {
    const head = await reader.head();
    if (head === undefined) return;
    console.log(`head ${JSON.stringify(head)}`);
    const answer: Answer = {
      connection,
      head,
      tag: `x-connection: ${number}\r\nx-request: ${request}\r\n`,
      say: (text) => say(connection, text),
      body: () => reader.body(head),
      rest: () => reader.rest(),
    };
    const path = head.split(" ")[1]?.split("?")[0] ?? "";
    const found = ANSWERS[path.split("/")[1] ?? ""] ?? ANSWERS[""]!;
    if (await found(answer) === "close") return;
  }
}

async function say(connection: Deno.Conn, text: string): Promise<void> {
  let octets = new TextEncoder().encode(text);
  while (octets.length > 0) {
    octets = octets.subarray(await connection.write(octets));
  }
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It is closed.
  }
}

/** Reads heads, and bodies as far as their lengths are given. */
class HeadReader {
  #text = "";

  constructor(readonly connection: Deno.Conn) {}

  /** @returns undefined at the end. */
  async head(): Promise<string | undefined> {
    while (!this.#text.includes("\r\n\r\n")) {
      if (!await this.#more()) return undefined;
    }
    const end = this.#text.indexOf("\r\n\r\n");
    return this.#take(end + 4).slice(0, -4);
  }

  async body(head: string): Promise<number> {
    if (/\ntransfer-encoding: chunked/i.test(head)) return await this.#chunks();
    const length = Number(/\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
    await this.#skip(length);
    return length;
  }

  /** Everything until the client ends its half. */
  async rest(): Promise<string> {
    while (await this.#more()) { /* goes on */ }
    return this.#take(this.#text.length);
  }

  async #chunks(): Promise<number> {
    for (let total = 0;;) {
      const length = Number.parseInt(await this.#line(), 16);
      if (length === 0) {
        while (await this.#line() !== "") { /* a trailer */ }
        return total;
      }
      await this.#skip(length + 2);
      total += length;
    }
  }

  async #line(): Promise<string> {
    while (!this.#text.includes("\r\n")) {
      if (!await this.#more()) throw new Error("the client ended");
    }
    return this.#take(this.#text.indexOf("\r\n") + 2).slice(0, -2);
  }

  async #skip(length: number): Promise<void> {
    let left = length;
    while (left > 0) {
      left -= this.#take(left).length;
      if (left > 0 && !await this.#more()) throw new Error("the client ended");
    }
  }

  #take(length: number): string {
    const taken = this.#text.slice(0, length);
    this.#text = this.#text.slice(length);
    return taken;
  }

  async #more(): Promise<boolean> {
    const octets = new Uint8Array(65_536);
    const count = await this.connection.read(octets);
    if (count === null) return false;
    // One character an octet, so that lengths are octets.
    this.#text += new TextDecoder("latin1").decode(octets.subarray(0, count));
    return true;
  }
}

const listener = Deno.listen({ port: Number(port), hostname: "::" });
console.log("listening");
while (true) {
  let connection: Deno.Conn;
  try {
    connection = await listener.accept();
  } catch {
    continue; // the client had left before it was taken
  }
  const number = ++connections;
  serve(connection, number).catch(() => {}).finally(() => {
    console.log(`gone ${number}`);
    close(connection);
  });
}
