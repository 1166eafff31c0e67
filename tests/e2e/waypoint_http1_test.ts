/** HTTP/1.1 through a waypoint: messages of every form arrive whole, or visibly cut. */
import assert from "node:assert/strict";
import { HttpMesh } from "./http_mesh.ts";
import { sendRaw } from "./http_programs.ts";
import { share } from "./share.ts";
import { eventually } from "./support.ts";

const httpTest = share(() => HttpMesh.start());

const MEBI = 2 ** 20;

/** What rough_server.ts printed about heads with that word in them. */
const headsWith = ({ programs }: HttpMesh, word: string): string[] =>
  programs.rough.lines().filter((line) =>
    line.startsWith("head ") && line.includes(word)
  ).map((line) => JSON.parse(line.slice(5)));

/** A file of that many octets. */
async function fileOf({ lab }: HttpMesh, length: number): Promise<string> {
  const path = `${lab.folder}/upload-${length}`;
  const octets = new Uint8Array(length).map((_, at) => at * 31 + (at >> 8));
  await Deno.writeFile(path, octets);
  return path;
}

const digestOf = async (path: string): Promise<string> =>
  new Uint8Array(
    await crypto.subtle.digest("SHA-256", await Deno.readFile(path)),
  ).toHex();

httpTest(
  "one connection of a client carries several requests",
  async (mesh) => {
    const { lab, pods } = mesh;
    const urls = ["/a", "/b", "/c"].map((path) => mesh.urlOf("rough", path));
    const { stdout } = await lab.exec(pods.client, [
      ...["curl", "-sS", "-w", "%{num_connects} ", ...urls],
    ]);
    assert.equal(stdout, "01 00 00 ");
  },
);

httpTest("requests sent ahead are answered in order", async (mesh) => {
  const request = (path: string, body = "") =>
    `POST ${path} HTTP/1.1\r\nhost: rough\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  const { lab, pods } = mesh;
  const [answer = ""] = await sendRaw(lab, pods.client, mesh.at("rough"), [
    request("/", "one") + request("/hints") + request("/", "eleven-long") +
    request("/slow") + request("/"),
  ]);
  const bodies = answer.split("\r\n\r\n").slice(1).map((part) =>
    part.split("HTTP/1.1")[0]
  );
  assert.deepEqual(bodies, ["3", "", "hinted", "11", "slow", "0"]);
});

for (const http of ["--http1.1", "--http2-prior-knowledge"]) {
  for (const [name, port] of [["HTTP/1.1", 80], ["HTTP/2", 8082]] as const) {
    const way = `${http} to ${name}`;

    httpTest(`${way}: 100 MiB arrive whole at the server`, async (mesh) => {
      const path = await fileOf(mesh, 100 * MEBI);
      const digest = await digestOf(path);
      const url = mesh.urlOf("echo-v1", "/sum", port);
      for (const form of ["content-length:", "transfer-encoding: chunked"]) {
        if (form.includes("chunked") && http !== "--http1.1") continue;
        const more = form.includes("chunked") ? ["-H", form] : [];
        const args = [http, "-X", "POST", "-T", path, ...more];
        const { body, status } = await mesh.curl(url, args);
        assert.equal(status, 200, body);
        assert.deepEqual(JSON.parse(body), { length: 100 * MEBI, digest });
      }
    });

    httpTest(`${way}: 100 MiB arrive whole at the client`, async (mesh) => {
      const path = await fileOf(mesh, 100 * MEBI);
      const file = `${path}.back`;
      const url = mesh.urlOf("echo-v1", "/back", port);
      const args = [http, "-X", "POST", "-T", path, "-o", file];
      const { curlCode, error } = await mesh.curl(url, args);
      assert.equal(curlCode, 0, error);
      assert.equal(await digestOf(file), await digestOf(path));
    });

    httpTest(`${way}: HEAD, 204 and 304 have no body`, async (mesh) => {
      const head = await mesh.curl(mesh.urlOf("echo-v1", "/", port), [
        http,
        "-I",
      ]);
      assert.equal(head.curlCode, 0, head.error);
      assert.equal(head.status, 200);
      assert.ok(Number(head.headers["content-length"]?.[0]) > 0);
      for (const status of [204, 304]) {
        const url = mesh.urlOf("echo-v1", `/status/${status}`, port);
        const reply = await mesh.curl(url, [http]);
        assert.deepEqual([reply.curlCode, reply.status, reply.body], [
          0,
          status,
          "",
        ]);
      }
    });
  }

  httpTest(
    `${http}: HEAD is answered without a body by the waypoint, too`,
    async (mesh) => {
      await mesh.under("nothing", [noRoute], async () => {
        const reply = await mesh.curl(mesh.urlOf("rough"), [http, "-I"]);
        assert.deepEqual([reply.curlCode, reply.status], [0, 404]);
        await mesh.under("deny", [denyAll], async () => {
          const denied = await mesh.curl(mesh.urlOf("rough"), [http, "-I"]);
          assert.deepEqual([denied.curlCode, denied.status], [0, 403]);
          assert.deepEqual(denied.headers["content-length"], ["19"]);
        });
      });
    },
  );

  httpTest(
    `${http}: informational responses and trailers pass`,
    async (mesh) => {
      const { lab, pods } = mesh;
      const url = (path: string) => mesh.urlOf("rough", path);
      const hints = await lab.exec(pods.client, [
        ...["curl", "-sSi", http, url("/hints")],
      ]);
      assert.match(
        hints.stdout,
        /^HTTP\/[^ ]+ 103[^]*style\.css[^]* 200[^]*hinted$/,
      );
      const trailers = await lab.exec(pods.client, [
        ...["curl", "-sSi", http, "-H", "te: trailers", url("/trailers")],
      ]);
      assert.match(trailers.stdout, /\r\n\r\nbody\r?\n?x-sum: 42\r\n/);
    },
  );
}

const noRoute = {
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: { name: "nothing", namespace: "mesh" },
  spec: {
    parentRefs: [{ group: "", kind: "Service", name: "rough" }],
    rules: [{
      matches: [{ path: { type: "Exact", value: "/never" } }],
      backendRefs: [{ name: "rough", port: 80 }],
    }],
  },
};

const denyAll = {
  apiVersion: "security.istio.io/v1",
  kind: "AuthorizationPolicy",
  metadata: { name: "deny", namespace: "mesh" },
  spec: {
    targetRefs: [{ kind: "Service", group: "", name: "rough" }],
    action: "DENY",
    rules: [{}],
  },
};

httpTest(
  "a client that waits for 100 Continue gets the server's",
  async (mesh) => {
    const path = await fileOf(mesh, MEBI);
    const wait = ["-H", "expect: 100-continue", "--expect100-timeout", "20"];
    const reply = await mesh.curl(mesh.urlOf("rough", "/continue"), [
      ...["-X", "POST", "-T", path, ...wait],
    ]);
    assert.deepEqual([reply.status, reply.body], [200, `${MEBI}`], reply.error);
  },
);

for (const path of ["/early", "/early-close"]) {
  httpTest(`${path}: an answer before the body is the answer`, async (mesh) => {
    const file = await fileOf(mesh, 20 * MEBI);
    for (let round = 0; round < 3; round++) {
      const reply = await mesh.curl(mesh.urlOf("rough", path), [
        ...["-X", "POST", "-T", file],
      ]);
      assert.deepEqual([reply.status, reply.body], [403, "too early"]);
    }
  });
}

httpTest(
  "a refusal of the waypoint reaches a client that still sends",
  async (mesh) => {
    const file = await fileOf(mesh, 20 * MEBI);
    await mesh.under("deny", [denyAll], async () => {
      for (const http of ["--http1.1", "--http2-prior-knowledge"]) {
        const reply = await mesh.curl(mesh.urlOf("rough", "/denied"), [
          ...[http, "-X", "POST", "-T", file],
        ]);
        assert.deepEqual([reply.status, reply.body], [
          403,
          "RBAC: access denied",
        ]);
      }
    });
    assert.deepEqual(headsWith(mesh, "POST /denied"), []);
  },
);

for (const path of ["/cut-length", "/cut-chunks"]) {
  for (
    const [http, code] of [["--http1.1", 18], ["--http2-prior-knowledge", 92]]
  ) {
    httpTest(
      `${path}: a response that is cut is cut for ${http}`,
      async (mesh) => {
        const reply = await mesh.curl(mesh.urlOf("rough", path), [`${http}`]);
        assert.equal(reply.curlCode, code, reply.error);
      },
    );
  }
}

httpTest("the server learns of a client that leaves", async (mesh) => {
  const { programs: { rough } } = mesh;
  for (const path of ["/hang", "/drip"]) {
    for (const http of ["--http1.1", "--http2-prior-knowledge"]) {
      const gone = () => rough.lines().filter((l) => l.startsWith("gone"));
      const before = gone().length;
      const reply = await mesh.curl(mesh.urlOf("rough", path), [
        ...[http, "--max-time", "0.5"],
      ]);
      assert.equal(reply.curlCode, 28);
      await eventually(
        `${path} ${http}: gone`,
        () => Promise.resolve(gone().length > before),
      );
    }
  }
});

httpTest(
  "the server learns of a client that leaves in its body",
  async (mesh) => {
    const { programs: { rough } } = mesh;
    const file = await fileOf(mesh, 20 * MEBI);
    const gone = () => rough.lines().filter((l) => l.startsWith("gone")).length;
    for (const path of ["/", "/early"]) {
      const before = gone();
      await mesh.curl(mesh.urlOf("rough", path), [
        ...["-X", "POST", "-T", file, "--limit-rate", "1M", "--max-time", "1"],
      ]);
      await eventually(path, () => Promise.resolve(gone() > before));
    }
  },
);

httpTest(
  "a reader that pauses holds the sender, not the waypoint's memory",
  async (mesh) => {
    const { lab, pods, waypoint } = mesh;
    const before = waypoint.process.residentMiB();
    const readers = [80, 8082].map((port) =>
      lab.exec(pods.client, [
        ...["curl", "-sS", "--limit-rate", "2M", "--max-time", "3"],
        ...[
          "-o",
          "/dev/null",
          mesh.urlOf("echo-v1", "/bytes/1000000000", port),
        ],
      ])
    );
    await Promise.all(readers);
    const grown = waypoint.process.residentMiB() - before;
    assert.ok(grown < 150, `${grown} MiB more`);
  },
);

httpTest("a slow reader of the last response gets all of it", async (mesh) => {
  const reply = await mesh.curl(
    mesh.urlOf("echo-v1", `/bytes/${6 * MEBI}`),
    ["-H", "connection: close", "--limit-rate", "450K", "-o", "/dev/null"],
  );
  assert.equal(reply.curlCode, 0, reply.error);
});
