import assert from "node:assert/strict";
import type { JWTPayload } from "jose";
import {
  setOf,
  sign,
  type SigningKey,
  signingKey,
} from "../support/token_issuer.ts";
import { Growth } from "./calls.ts";
import { eventually } from "./support.ts";
import { AuthMesh } from "./waypoint_auth_mesh.ts";
import { share } from "./share.ts";
import { servicePolicy } from "./waypoint_support.ts";

const authTest = share(() => AuthMesh.start());

const ISSUER = "issuer@test";
const [KEY, OTHER_KEY] = await Promise.all([
  signingKey("RS256", "first"),
  signingKey("ES256", "second"),
]);
const inline = (...keys: SigningKey[]) => JSON.stringify(setOf(...keys));

const now = () => Math.floor(Date.now() / 1_000);

/** A good token, but for what is given. */
const token = (
  payload: JWTPayload = {},
  key: SigningKey = KEY,
): Promise<string> =>
  sign(key, { iss: ISSUER, sub: "ann", exp: now() + 600, ...payload });

const bearer = (text: string) => ["-H", `authorization: Bearer ${text}`];

/** @param rule Replaces the issuer and the inline key, or adds to them. */
const authentication = (rule: object = {}): object => ({
  apiVersion: "security.istio.io/v1",
  kind: "RequestAuthentication",
  metadata: { name: "tokens", namespace: "default" },
  spec: {
    targetRefs: [{ kind: "Service", group: "", name: "app" }],
    jwtRules: [{
      issuer: ISSUER,
      ..."jwksUri" in rule ? {} : { jwks: inline(KEY) },
      ...rule,
    }],
  },
});

const allowing = (name: string, rule: object, dryRun?: "true"): object => {
  const policy = servicePolicy(name, { action: "ALLOW", rules: [rule] }, "app");
  if (dryRun === undefined) return policy;
  const { metadata, ...rest } = policy as { metadata: object };
  const annotations = { "istio.io/dry-run": dryRun };
  return { ...rest, metadata: { ...metadata, annotations } };
};

const unsigned = (payload: object): string => {
  const part = (value: object) =>
    new TextEncoder().encode(JSON.stringify(value))
      .toBase64({ alphabet: "base64url", omitPadding: true });
  return `${part({ alg: "none" })}.${part(payload)}.`;
};

const tokens: [
  name: string,
  made: () => string | Promise<string>,
  status: number,
  body: string,
][] = [
  ["a good one", () => token(), 200, ""],
  [
    "an expired one",
    () => token({ exp: now() - 120 }),
    401,
    "Jwt is expired",
  ],
  [
    "one that expired less than a minute ago",
    () => token({ exp: now() - 20 }),
    200,
    "",
  ],
  [
    "one of later",
    () => token({ nbf: now() + 120 }),
    401,
    "Jwt not yet valid",
  ],
  [
    "one of another issuer",
    () => token({ iss: "other@test" }),
    401,
    "Jwt issuer is not configured",
  ],
  [
    "one of another key",
    () => token({}, OTHER_KEY),
    401,
    "Jwks doesn't have key to match kid or alg from Jwt",
  ],
  [
    "one that was changed",
    async () => `${(await token()).slice(0, -8)}AAAAAAAA`,
    401,
    "Jwt verification fails",
  ],
  [
    "one without signature",
    () => unsigned({ iss: ISSUER, sub: "ann", exp: now() + 600 }),
    401,
    "Jwt header [alg] is not supported",
  ],
  [
    "no token at all",
    () => "abc",
    401,
    "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections",
  ],
];
for (const [name, made, status, body] of tokens) {
  authTest(`a request with ${name} gets ${status}`, async (mesh) => {
    await mesh.under([authentication()], async () => {
      const reply = await mesh.get("/", bearer(await made()));
      assert.equal(reply.status, status);
      if (status === 200) assert.ok(reply.seen);
      else {
        assert.equal(reply.body, body);
        assert.match(reply.headers, /^www-authenticate: Bearer realm=/m);
      }
    });
  });
}

authTest("a token for another audience gets 403", async (mesh) => {
  await mesh.under([authentication({ audiences: ["shop"] })], async () => {
    const status = async (aud: string | string[]) =>
      (await mesh.get("/", bearer(await token({ aud })))).status;
    assert.equal(await status("shop"), 200);
    assert.equal(await status(["bank", "shop"]), 200);
    assert.equal(await status("bank"), 403);
  });
});

authTest(
  "a request without token passes, unless policy wants a principal",
  async (mesh) => {
    const wanted = { from: [{ source: { requestPrincipals: ["*"] } }] };
    await mesh.under([authentication()], async () => {
      assert.equal((await mesh.get("/")).status, 200);
    });
    await mesh.under(
      [authentication(), allowing("principals", wanted)],
      async () => {
        const reply = await mesh.get("/");
        assert.equal(reply.status, 403);
        assert.equal(reply.body, "RBAC: access denied");
        assert.equal((await mesh.get("/", bearer(await token()))).status, 200);
      },
    );
  },
);

authTest("policy sees what a token says", async (mesh) => {
  const key = "request.auth.claims[groups]";
  const admins = {
    from: [{ source: { requestPrincipals: [`${ISSUER}/ann`] } }],
    when: [{ key, values: ["admin"] }],
  };
  await mesh.under([authentication(), allowing("admins", admins)], async () => {
    const status = async (payload: JWTPayload) =>
      (await mesh.get("/", bearer(await token(payload)))).status;
    assert.equal(await status({ groups: ["dev", "admin"] }), 200);
    assert.equal(await status({ groups: ["dev"] }), 403);
    assert.equal(await status({ groups: ["admin"], sub: "eve" }), 403);
    assert.equal(await status({}), 403);
  });
});

authTest("a token goes no further unless that is wanted", async (mesh) => {
  const text = await token();
  for (const forwardOriginalToken of [false, true]) {
    await mesh.under([authentication({ forwardOriginalToken })], async () => {
      const { seen } = await mesh.get("/a?b=c", bearer(text));
      const given = seen?.headers.authorization;
      assert.equal(given, forwardOriginalToken ? `Bearer ${text}` : undefined);
      const inQuery = await mesh.get(`/a?access_token=${text}&b=c`);
      const path = forwardOriginalToken
        ? `/a?access_token=${text}&b=c`
        : "/a?b=c";
      assert.equal(inQuery.seen?.path, path);
    });
  }
});

authTest(
  "claims reach the application in headers, and only from tokens",
  async (mesh) => {
    const rule = {
      outputPayloadToHeader: "x-payload",
      outputClaimToHeaders: [
        { header: "x-sub", claim: "sub" },
        { header: "x-team", claim: "org.team" },
      ],
    };
    await mesh.under([authentication(rule)], async () => {
      const forged = ["-H", "x-sub: eve", "-H", "x-team: eve"];
      const text = await token({ org: { team: "blue" } });
      const { seen } = await mesh.get("/", [...bearer(text), ...forged]);
      assert.equal(seen?.headers["x-sub"], "ann");
      assert.equal(seen?.headers["x-team"], "blue");
      assert.equal(seen?.headers["x-payload"], text.split(".")[1]);
      const without = await mesh.get("/", forged);
      assert.equal(without.status, 200);
      assert.equal(without.seen?.headers["x-sub"], undefined);
      assert.equal(without.seen?.headers["x-team"], undefined);
    });
  },
);

authTest(
  "keys are fetched, and new ones when tokens name them",
  async (mesh) => {
    await mesh.publish(setOf(KEY));
    await mesh.under([authentication({ jwksUri: mesh.keysUri })], async () => {
      const status = async (key: SigningKey) =>
        (await mesh.get("/", bearer(await token({}, key)))).status;
      assert.equal(await status(KEY), 200);
      await mesh.publish(setOf(OTHER_KEY));
      // Until somebody asks for the new one, the old one is what is known.
      assert.equal(await status(KEY), 200);
      const deadline = performance.now() + 60_000;
      while (await status(OTHER_KEY) !== 200) {
        assert.ok(
          performance.now() < deadline,
          "the new key was never fetched",
        );
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
      assert.equal(await status(KEY), 401);
    });
  },
);

authTest("keys that are held work without their server", async (mesh) => {
  await mesh.publish(setOf(KEY));
  await mesh.under([authentication({ jwksUri: mesh.keysUri })], async () => {
    const status = async (payload: JWTPayload) =>
      (await mesh.get("/", bearer(await token(payload)))).status;
    assert.equal(await status({}), 200);
    await mesh.stopServer("keys");
    assert.equal(await status({ sub: "bob" }), 200);
    await mesh.startServer("keys");
  });
});

authTest("without keys no token is good, until there are", async (mesh) => {
  await mesh.publish(setOf(KEY));
  await mesh.stopServer("keys");
  const rule = { jwksUri: mesh.keysUri, timeout: "1s" };
  await mesh.under([authentication(rule)], async () => {
    const reply = await mesh.get("/", bearer(await token()));
    assert.equal(reply.status, 401);
    assert.equal(reply.body, "Jwks remote fetch is failed");
    assert.equal((await mesh.get("/")).status, 200);
    await mesh.startServer("keys");
    await eventually("the keys are fetched", async () => {
      const again = await mesh.get("/", bearer(await token()));
      return again.status === 200;
    });
  });
});

authTest("AUDIT policies are told of in the log", async (mesh) => {
  const audit = servicePolicy("watched", {
    action: "AUDIT",
    rules: [{ to: [{ operation: { paths: ["/admin*"] } }] }],
  }, "app");
  await mesh.under([audit], async () => {
    const { process } = mesh.waypoint;
    const from = process.log().length;
    assert.equal((await mesh.get("/admin/x")).status, 200);
    await process.untilLog(/audit policy match\tpolicy="default\/watched"/, {
      from,
    });
  });
});

authTest("policies on trial are counted and change nothing", async (mesh) => {
  const nobody = { from: [{ source: { principals: ["nobody"] } }] };
  const trial = allowing("trial", nobody, "true");
  await mesh.under([trial], async () => {
    const growth = await Growth.watch(mesh.waypoint);
    assert.equal((await mesh.get("/")).status, 200);
    await growth.until(
      "hairpin_authorization_dry_run_total",
      { policy: "none", action: "allow", outcome: "no_match" },
      1,
    );
  });
});
