import { changeMesh } from "../change.ts";
import { type DemoMesh, POLICIES, type Proxies } from "./mesh.ts";
import type { DemoPage } from "./page.ts";
import { expectAnswer, expectRefusal, isFrom, showLine } from "./requests.ts";

/** A DENY policy, and its name in the log. */
export async function denyByPolicy(
  page: DemoPage,
  mesh: DemoMesh,
  proxies: Proxies,
) {
  page.step(
    "A DENY policy",
    "notsleep may not call httpbin. The proxy of httpbin's node decides, by certificate.",
  );
  await withPolicy(page, mesh, proxies, "deny-notsleep", async () => {
    await expectAnswer(page, mesh, mesh.sleep, "sleep is still answered");
    await expectRefusal(page, mesh, mesh.notsleep, "notsleep is refused");
    const line = await proxies.server.untilAccess(
      "denied",
      (line) =>
        isFrom(mesh.notsleep)(line) && line.fields["error"] !== undefined,
    );
    showLine(page, "node-2's access log", line);
    page.check(
      "the log names the policy",
      /default\/deny-notsleep/.test(line.fields["error"] ?? ""),
    );
  });
}

/** An ALLOW policy. */
export async function allowByPolicy(
  page: DemoPage,
  mesh: DemoMesh,
  proxies: Proxies,
) {
  page.step(
    "An ALLOW policy",
    "Only sleep may call httpbin: whoever is not named is refused.",
  );
  await withPolicy(page, mesh, proxies, "allow-sleep", async () => {
    await expectAnswer(
      page,
      mesh,
      mesh.sleep,
      "sleep, named by allow-sleep, is answered",
    );
    await expectRefusal(
      page,
      mesh,
      mesh.notsleep,
      "notsleep, not named by it, is refused",
    );
    await expectRefusal(
      page,
      mesh,
      mesh.lab.outsider,
      "the outsider, who has no identity, is refused",
    );
  });
}

/** PeerAuthentication STRICT. */
export async function refuseOutsider(
  page: DemoPage,
  mesh: DemoMesh,
  proxies: Proxies,
) {
  page.step(
    "STRICT mutual TLS",
    "Until now the outsider was served in plaintext; from now on nobody is.",
  );
  await expectAnswer(
    page,
    mesh,
    mesh.lab.outsider,
    "before STRICT, the outsider is answered",
  );
  await withPolicy(page, mesh, proxies, "strict", async () => {
    await expectRefusal(
      page,
      mesh,
      mesh.lab.outsider,
      "under STRICT, the outsider is refused",
    );
    await expectAnswer(
      page,
      mesh,
      mesh.notsleep,
      "under STRICT, the mesh goes on",
    );
  });
}

async function withPolicy(
  page: DemoPage,
  { lab }: DemoMesh,
  { client, server }: Proxies,
  name: keyof typeof POLICIES,
  body: () => Promise<void>,
): Promise<void> {
  page.quote(POLICIES[name]);
  const both = [client, server];
  const manifest = POLICIES[name];
  await changeMesh(both, `${name} in force`, () => lab.apply(name, manifest));
  await body();
  await changeMesh(both, `${name} withdrawn`, () => lab.delete(name));
}
