// An HTTPS server that says hello, for tests: tls_server.ts PORT KEY CHAIN
// KEY and CHAIN are files.

const [port = "", key = "", chain = ""] = Deno.args;
const { finished } = Deno.serve({
  port: Number(port),
  key: await Deno.readTextFile(key),
  cert: await Deno.readTextFile(chain),
  onListen: () => console.log("listening"),
}, () => new Response("hello over TLS"));
await finished;
