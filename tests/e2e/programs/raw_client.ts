// Sends texts (a JSON list on standard input, one octet a character), each over
// a connection of its own, and prints all that came back of each as another
// such list: raw_client.ts HOST PORT
//
// Reads until the server closes, or says nothing for two seconds. It does not
// end its half: a server would take it to be gone.

const [hostname = "", port = ""] = Deno.args;
const QUIET_MS = 2_000;
const AT_ONCE = 20;

const texts: string[] = await new Response(Deno.stdin.readable).json();
const answers: string[] = [];
for (let at = 0; at < texts.length; at += AT_ONCE) {
  const turn = texts.slice(at, at + AT_ONCE).map(exchange);
  answers.push(...await Promise.all(turn));
}
console.log(JSON.stringify(answers));

async function exchange(text: string): Promise<string> {
  const connection = await Deno.connect({ hostname, port: Number(port) });
  const sent = Uint8Array.from(text, (char) => char.charCodeAt(0));
  const octets = new Uint8Array(65_536);
  let answer = "";
  void writeAll(connection, sent);
  try {
    for (;;) {
      const timer = setTimeout(() => connection.close(), QUIET_MS);
      const count = await connection.read(octets);
      clearTimeout(timer);
      if (count === null) break;
      answer += new TextDecoder("latin1").decode(octets.subarray(0, count));
    }
    connection.close();
  } catch {
    // Reset, or given up.
  }
  return answer;
}

async function writeAll(connection: Deno.Conn, octets: Uint8Array) {
  try {
    for (let at = 0; at < octets.length;) {
      at += await connection.write(octets.subarray(at));
    }
  } catch {
    // The server would have no more of it.
  }
}
