import assert from "node:assert/strict";
import { AdminError, askAdmin } from "../../src/modes/ask_admin.ts";

/** An admin server that answers so. */
function serve(answer: (request: Request) => Response) {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    answer,
  );
  const { port } = server.addr;
  return {
    admin: { host: "127.0.0.1", port },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

Deno.test("askAdmin() returns status and body, whatever the status", async () => {
  await using server = serve(({ url }) =>
    new Response(new URL(url).search, { status: 400 })
  );
  assert.deepEqual(await askAdmin(server.admin, "/explain?from=%C3%A4"), {
    status: 400,
    body: "?from=%C3%A4",
  });
});

Deno.test("askAdmin() says whom it could not ask", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await assert.rejects(
    askAdmin({ host: "127.0.0.1", port }, "/"),
    (error) =>
      error instanceof AdminError &&
      error.message.startsWith(
        `Cannot ask the admin server at "127.0.0.1:${port}": `,
      ),
  );
});
