import assert from "node:assert/strict";
import { decode } from "@dnsquery/dns-packet";
import fc from "fast-check";
import type { Ip } from "../../../src/model/address.ts";
import {
  type DnsQuery,
  encodeQuery,
  encodeRefusal,
  encodeReply,
  isName,
  parseResolvConf,
  Rcode,
  readAddresses,
  readQuery,
  readReplyHead,
  truncate,
  typeName,
  udpRoom,
  withId,
} from "../../../src/wire/dns/mod.ts";
import { opt, queryFor, recordsOf, responseTo } from "./messages.ts";

function read(octets: Uint8Array): DnsQuery {
  const received = readQuery(octets);
  assert.equal(received.kind, "query");
  return (received as { query: DnsQuery }).query;
}

const ips = (count: number): Ip[] =>
  Array.from({ length: count }, (_, i) => `10.0.${i >> 8}.${i & 255}` as Ip);

Deno.test("readQuery() reads what a resolver asks", () => {
  const query = read(queryFor("WWW.Example.com", "AAAA"));
  const { id, name, type, class: klass, edns } = query;
  assert.deepEqual({ id, name, type, klass, edns }, {
    id: 0x1234,
    name: "www.example.com",
    type: 28,
    klass: 1,
    edns: undefined,
  });
});

Deno.test("readQuery() reads EDNS, with a payload of 512 at least", () => {
  const additionals = opt(100, 0x8000);
  const { edns } = read(queryFor("a.b", "A", { additionals }));
  assert.deepEqual(edns, { version: 0, payloadMax: 512, dnssecOk: true });
});

const bent = (change: (octets: Uint8Array) => void): Uint8Array => {
  const octets = queryFor("a.example");
  change(octets);
  return octets;
};
const refused: [what: string, octets: Uint8Array, rcode: number | "ignore"][] =
  [
    ["a piece of a header", new Uint8Array(11), "ignore"],
    ["a response", bent((o) => o[2]! |= 0x80), "ignore"],
    ["more than a message", new Uint8Array(65_536), "ignore"],
    ["an update", bent((o) => o[2] = 5 << 3), Rcode.NOTIMP],
    ["no question", bent((o) => o[5] = 0), Rcode.FORMERR],
    ["two questions", bent((o) => o[5] = 2), Rcode.FORMERR],
    ["a pointer in its question", bent((o) => o[12] = 0xc0), Rcode.FORMERR],
    ["a label past the end", bent((o) => o[12] = 60), Rcode.FORMERR],
    [
      "a name without an end",
      queryFor("a.example").slice(0, 20),
      Rcode.FORMERR,
    ],
    ["a missing type", queryFor("a.example").slice(0, -3), Rcode.FORMERR],
    ["records that do not read", bent((o) => o[11] = 1), Rcode.FORMERR],
    [
      "a name of 256 octets",
      Uint8Array.from([
        ...queryFor("a").slice(0, 12),
        ...Array.from({ length: 127 }, () => [1, 0x61]).flat(),
        1,
        0x61,
        0,
        0,
        1,
        0,
        1,
      ]),
      Rcode.FORMERR,
    ],
  ];
for (const [what, octets, want] of refused) {
  Deno.test(`readQuery() answers ${what} with ${want}`, () => {
    const received = readQuery(octets);
    assert.equal(
      received.kind === "refuse" ? received.rcode : received.kind,
      want,
    );
  });
}

Deno.test("readQuery() never throws", () => {
  const mutated = fc.tuple(
    fc.constantFrom(
      queryFor("www.example.com"),
      queryFor("a.b", "TXT", { additionals: opt(4096) }),
    ),
    fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 6 }),
  ).map(([octets, changes]) => {
    const copy = octets.slice();
    for (const [at, value] of changes) if (at < copy.length) copy[at] = value;
    return copy;
  });
  const octets = fc.oneof(mutated, fc.uint8Array({ maxLength: 80 }));
  fc.assert(
    fc.property(octets, (octets) => {
      const received = readQuery(octets);
      if (received.kind === "query") {
        decode(encodeReply(received.query, { ips: ips(3) }, 512));
        truncate(received.query);
      } else if (received.kind === "refuse") {
        assert.equal(encodeRefusal(octets, received.rcode).length, 12);
      }
    }),
    { numRuns: 20_000 },
  );
});

Deno.test("encodeReply() answers addresses with a life of 30 seconds", () => {
  const query = read(queryFor("WWW.shop"));
  const reply = decode(encodeReply(query, { ips: ips(2) }, 512));
  assert.equal(reply.id, 0x1234);
  assert.equal(reply.rcode, "NOERROR");
  assert.deepEqual(
    [reply.flag_qr, reply.flag_aa, reply.flag_rd, reply.flag_ra, reply.flag_tc],
    [true, true, true, true, false],
  );
  const [first] = reply.answers ?? [];
  assert.deepEqual(first, {
    name: "WWW.shop", // as it was asked
    type: "A",
    ttl: 30,
    class: "IN",
    flush: false,
    data: "10.0.0.0",
  });
});

Deno.test("encodeReply() names the alias, and gives it the addresses", () => {
  const query = read(queryFor("web.shop.cluster.local", "AAAA"));
  const answer = { alias: "web.shop", ips: ["fd00::1" as Ip] };
  assert.deepEqual(recordsOf(encodeReply(query, answer, 512)), [
    "web.shop.cluster.local CNAME web.shop",
    "web.shop AAAA fd00::1",
  ]);
});

Deno.test("encodeReply() leaves out what has no room, and says so", () => {
  const query = read(queryFor("many.shop"));
  const reply = encodeReply(query, { ips: ips(256) }, udpRoom(query));
  assert.ok(reply.length <= 512);
  const { flag_tc, answers } = decode(reply);
  assert.equal(flag_tc, true);
  assert.equal(answers?.length, Math.floor((512 - query.questionEnd) / 16));
  const whole = decode(encodeReply(query, { ips: ips(256) }, 65_535));
  assert.equal(whole.flag_tc, false);
  assert.equal(whole.answers?.length, 256);
});

Deno.test("encodeReply() answers EDNS with EDNS, other versions with BADVERS", () => {
  const query = read(
    queryFor("a.b", "A", { additionals: opt(9000, 0x8000, 1) }),
  );
  const reply = decode(encodeReply(query, { rcode: Rcode.BADVERS }, 65_535));
  const [record] = reply.additionals ?? [];
  const { udpPayloadSize, extendedRcode, ednsVersion, flag_do } =
    record as unknown as Record<string, unknown>;
  assert.deepEqual(
    { udpPayloadSize, extendedRcode, ednsVersion, flag_do },
    { udpPayloadSize: 9000, extendedRcode: 1, ednsVersion: 0, flag_do: true },
  );
  assert.equal(reply.rcode, "NOERROR"); // its lower bits
  assert.equal(udpRoom(query), 4096);
});

Deno.test("truncate() leaves the question alone", () => {
  const reply = decode(truncate(read(queryFor("a.b"))));
  assert.equal(reply.flag_tc, true);
  assert.equal(reply.flag_aa, false);
  assert.deepEqual(reply.answers, []);
  assert.equal(reply.questions?.[0]?.name, "a.b");
});

const asked = queryFor("Www.Example.com");
const replies: [what: string, reply: Uint8Array, want: object | undefined][] = [
  ["an answer", responseTo(asked, []), { rcode: 0, truncated: false }],
  [
    "one in other letters",
    responseTo(queryFor("wWW.example.COM"), []),
    { rcode: 0, truncated: false },
  ],
  [
    "NXDOMAIN",
    withFlags(responseTo(asked, []), 0x8003),
    { rcode: 3, truncated: false },
  ],
  [
    "a truncated one",
    withFlags(responseTo(asked, []), 0x8200),
    { rcode: 0, truncated: true },
  ],
  ["another id", withId(responseTo(asked, []), 1), undefined],
  ["another name", responseTo(queryFor("evil.example.com"), []), undefined],
  [
    "another type",
    responseTo(queryFor("www.example.com", "MX"), []),
    undefined,
  ],
  ["a query", asked, undefined],
  ["an update's", withFlags(responseTo(asked, []), 0xa800), undefined],
  ["nothing", new Uint8Array(0), undefined],
  ["no question", withoutQuestion(asked), undefined],
];

function withFlags(octets: Uint8Array, flags: number): Uint8Array {
  octets.set([flags >> 8, flags & 255], 2);
  return octets;
}

function withoutQuestion(query: Uint8Array): Uint8Array {
  const octets = withFlags(query.slice(), 0x8001);
  octets[5] = 0;
  return octets;
}

for (const [what, reply, want] of replies) {
  Deno.test(`readReplyHead() takes ${what} for ${JSON.stringify(want)}`, () => {
    assert.deepEqual(readReplyHead(reply, read(asked), 0x1234), want);
  });
}

Deno.test("readAddresses() gives one family's, and none of garbage", () => {
  const reply = responseTo(asked, [
    { type: "CNAME", name: "www.example.com", data: "x" as never },
    { type: "A", name: "x", data: "192.0.2.1" },
    { type: "AAAA", name: "x", data: "2001:db8::1" },
  ]);
  assert.deepEqual(readAddresses(reply, 4), ["192.0.2.1"]);
  assert.deepEqual(readAddresses(reply, 6), ["2001:db8::1"]);
  assert.deepEqual(readAddresses(reply.slice(0, 20), 4), []);
});

Deno.test("encodeQuery() asks as others do", () => {
  assert.deepEqual(encodeQuery(0x1234, "a.example", 1), queryFor("a.example"));
});

Deno.test("isName() knows what can be asked", () => {
  for (const name of ["a", "a.b", "x".repeat(63), `${"a.".repeat(126)}b`]) {
    assert.ok(isName(name), name);
  }
  for (
    const name of ["", ".", "a.", "a..b", "x".repeat(64), "a.".repeat(127), "ł"]
  ) assert.ok(!isName(name), name);
});

Deno.test("typeName() has one word for all types without a name", () => {
  assert.equal(typeName(28), "aaaa");
  assert.equal(typeName(65_280), "unknown");
});

const confs: [text: string, want: object][] = [
  ["", {
    servers: ["127.0.0.1"],
    timeoutMs: undefined,
    attempts: undefined,
    rotate: false,
  }],
  [
    "# x\nnameserver 10.0.0.10\nsearch a b\n nameserver\tfd00::a \nnameserver x\n" +
    "nameserver 10.0.0.11\nnameserver 10.0.0.12\noptions ndots:5 timeout:3 attempts:9 rotate\n",
    {
      servers: ["10.0.0.10", "fd00::a", "10.0.0.11"],
      timeoutMs: 3_000,
      attempts: 5,
      rotate: true,
    },
  ],
  ["nameserver 1.2.3.4\noptions timeout:0 attempts:x timeout:99", {
    servers: ["1.2.3.4"],
    timeoutMs: 30_000,
    attempts: undefined,
    rotate: false,
  }],
];
for (const [text, want] of confs) {
  Deno.test(`parseResolvConf() reads ${JSON.stringify(text.slice(0, 30))}`, () => {
    assert.deepEqual(parseResolvConf(text), want);
  });
}
