/** `hairpin check` of what makes a proxy useless: each thing broken in a real process. */
import assert from "node:assert/strict";
import { inNamespace, must } from "../lab/mod.ts";
import { assertFinds, checkPod } from "./check_support.ts";
import { startPeer } from "./peers.ts";
import { issue, writeCertificate } from "./security_support.ts";
import { HTTP_PORT, shareMesh } from "./support.ts";

const meshTest = shareMesh();

/** An mTLS server of another account, on the port of the tunnels. */
const OTHER_SERVER = `
import { createServer } from "node:tls";
const [key, chain, roots] = Deno.args.map((path) => Deno.readTextFileSync(path));
createServer({ key, cert: chain, ca: roots, requestCert: true, ALPNProtocols: ["h2"] })
  .on("tlsClientError", () => {})
  .listen(15888, "0.0.0.0", () => console.log("listening"));
`;

meshTest(
  "check finds another identity on 15008, and nothing else",
  async (mesh) => {
    const { lab, httpbin, server } = mesh;
    const other = await issue(lab, { serviceAccount: "impostor" });
    const { key, chain, roots } = await writeCertificate(lab, other);
    const path = `${lab.folder}/other_server.ts`;
    await Deno.writeTextFile(path, OTHER_SERVER);
    await using impostor = lab.start(httpbin, "impostor", [
      ...[Deno.execPath(), "run", "--no-config", "-A", path],
      ...[key, chain, roots],
    ]);
    await impostor.untilLog(/listening/);
    const iptables = (flag: "-I" | "-D") =>
      must(inNamespace(httpbin.netns, [
        ...["iptables-nft", "-t", "nat", flag, "PREROUTING", "-p", "tcp"],
        ...["--dport", "15008", "-j", "REDIRECT", "--to-ports", "15888"],
      ]));
    await iptables("-I");
    try {
      const { code, findings } = await checkPod(mesh, server, httpbin);
      assert.equal(code, 1);
      assertFinds(findings, {
        "foreign rules": ["failed", /--dport 15008 -j REDIRECT/],
        "mTLS on 15008": [
          "failed",
          /answered by \S+\/sa\/impostor, not by \S+\/sa\/httpbin$/,
        ],
      });
    } finally {
      await iptables("-D");
    }
  },
);

meshTest(
  "check finds a mesh peer that comes in plaintext, and nothing else",
  async (mesh) => {
    const { lab, sleep, httpbin, server } = mesh;
    const to = { ip: httpbin.ips[0]!, port: HTTP_PORT };
    const go = `${lab.folder}/plain-go`;
    const leave = (flag: "-I" | "-D") =>
      must(inNamespace(sleep.netns, [
        ...["iptables-nft", "-t", "nat", flag, "OUTPUT"],
        ...["-d", to.ip, "-j", "ACCEPT"],
      ]));
    await leave("-I");
    try {
      await using plain = startPeer(lab, sleep, to, [
        `say=open`,
        `until=${go}`,
      ]);
      await plain.untilSaid("open");
      await server.untilDump(
        "the connection",
        (dump) =>
          JSON.stringify(dump.workloadState[httpbin.uid]).includes('"TCP"'),
      );
      const { code, findings } = await checkPod(mesh, server, httpbin);
      assertFinds(findings, {
        "open connections": [
          "warning",
          /^in plaintext from pods of the mesh: default\/sleep$/,
        ],
      });
      assert.equal(code, 0);
      await Deno.writeTextFile(go, "");
    } finally {
      await leave("-D");
    }
  },
);
