import { deepEqual, equal, throws } from "node:assert/strict";
import { ConfigError } from "../../src/base/errors.ts";
import {
  createLogging,
  display,
  LINES_PENDING_MAX,
  type LogFormat,
} from "../../src/telemetry/log.ts";

const NOW = new Date("2026-08-20T10:15:30.123Z");

function logTo(writes: string[], filter = "info", format: LogFormat = "plain") {
  return createLogging({
    format,
    filter,
    write: (text) => writes.push(text),
    now: () => NOW,
  });
}

/** The one line that `say` writes. */
function lineOf(
  say: (logging: ReturnType<typeof logTo>) => void,
  format: LogFormat = "plain",
): string {
  const writes: string[] = [];
  const logging = logTo(writes, "info", format);
  say(logging);
  logging.flush();
  return writes.join("");
}

Deno.test("plain lines have tabs between the columns and blanks between fields", () => {
  const line = lineOf((l) =>
    l.scope("proxy::inbound").info("listener established", {
      address: display("[::]:15008"),
      component: "inbound",
      transparent: true,
      count: 2,
      absent: undefined,
    })
  );
  equal(
    line,
    "2026-08-20T10:15:30.123000Z\tinfo\tproxy::inbound\tlistener established\t" +
      'address=[::]:15008 component="inbound" transparent=true count=2\n',
  );
});

Deno.test("plain lines without fields end with a tab, as ztunnel's do", () => {
  equal(
    lineOf((l) => l.scope("state").warn("stale")),
    "2026-08-20T10:15:30.123000Z\twarn\tstate\tstale\t\n",
  );
});

Deno.test("lines that are their fields have no message, in both shapes", () => {
  const say = (l: ReturnType<typeof logTo>) =>
    l.scope("dns").info("", { query: "A" });
  equal(
    lineOf(say),
    '2026-08-20T10:15:30.123000Z\tinfo\tdns\tquery="A"\n',
  );
  deepEqual(JSON.parse(lineOf(say, "json")), {
    level: "info",
    time: "2026-08-20T10:15:30.123000Z",
    scope: "dns",
    query: "A",
  });
});

Deno.test("plain lines append spans to the scope, outermost first", () => {
  const line = lineOf((l) =>
    l.scope("proxy", { name: "pod", fields: { uid: display("u1") } })
      .within({ name: "inbound" }).error("gone")
  );
  equal(
    line,
    "2026-08-20T10:15:30.123000Z\terror\tproxy:pod{uid=u1}:inbound\tgone\t\n",
  );
});

Deno.test("plain lines escape what could forge a line, a column or a quote", () => {
  const line = lineOf((l) =>
    l.scope("access").info("a\nb", {
      quoted: 'say "hi"\\\t\u001b[0m',
      bare: display("1.2.3.4\n\u2028"),
    })
  );
  equal(
    line,
    "2026-08-20T10:15:30.123000Z\tinfo\taccess\ta\\nb\t" +
      'quoted="say \\"hi\\"\\\\\\t\\u{1b}[0m" bare=1.2.3.4\\n\\u{2028}\n',
  );
});

Deno.test("json lines carry the prefixed scope, flat fields and an object per span", () => {
  const line = lineOf(
    (l) =>
      l.scope("proxy::inbound", { name: "inbound", fields: { id: "7" } })
        .info("hi", { "src.addr": display("10.0.1.5:40112"), bytes: 3 }),
    "json",
  );
  equal(
    line,
    '{"level":"info","time":"2026-08-20T10:15:30.123000Z",' +
      '"scope":"ztunnel::proxy::inbound","message":"hi",' +
      '"src.addr":"10.0.1.5:40112","bytes":3,"inbound":{"id":"7"}}\n',
  );
});

Deno.test("json lines of an access log have a bare scope", () => {
  equal(
    JSON.parse(lineOf((l) => l.scope("access").info("x"), "json")).scope,
    "access",
  );
});

Deno.test("Logger says nothing below its level and tells so", () => {
  const writes: string[] = [];
  const logging = logTo(writes, "warn,access=info");
  const state = logging.scope("state");
  state.info("no");
  state.debug("no");
  logging.scope("access").info("yes");
  logging.flush();
  equal(writes.length, 1);
  deepEqual(
    [state.enabled("error"), state.enabled("warn"), state.enabled("info")],
    [true, true, false],
  );
});

Deno.test("Logger writes the lines of one turn at once", async () => {
  const writes: string[] = [];
  const logger = logTo(writes).scope("state");
  logger.info("one");
  logger.info("two");
  equal(writes.length, 0);
  await Promise.resolve();
  deepEqual(writes.map((text) => text.split("\n").length - 1), [2]);
});

Deno.test("Logging.writeLine() keeps a ready line in its place among the others", () => {
  const writes: string[] = [];
  const logging = logTo(writes);
  const log = logging.scope("access");
  log.info("one");
  logging.writeLine("[two] \n");
  log.info("three");
  logging.flush();
  const [first, second, third] = writes.join("").split("\n");
  equal(first!.includes("\tone\t"), true);
  equal(second, "[two] ");
  equal(third!.includes("\tthree\t"), true);
});

Deno.test("Logger does not hold back more lines than its limit", () => {
  const writes: string[] = [];
  const logger = logTo(writes).scope("state");
  for (let i = 0; i < LINES_PENDING_MAX; i++) logger.info("line");
  equal(writes.length, 1);
});

Deno.test("Logging counts the lines that its writer refuses", () => {
  const logging = createLogging({
    format: "plain",
    filter: "info",
    write: () => {
      throw new Error("Broken pipe");
    },
    now: () => NOW,
  });
  logging.scope("state").info("lost");
  logging.flush();
  equal(logging.linesLost, 1);
});

Deno.test("Logging shows ztunnel's default directive in front of its filter", () => {
  equal(logTo([]).filter, "hickory_server::server=off,info");
});

Deno.test("Logging.mergeFilter() changes loggers that exist", () => {
  const logging = logTo([]);
  const logger = logging.scope("xds");
  equal(logging.mergeFilter("ztunnel::xds=debug"), true);
  equal(logger.enabled("debug"), true);
  equal(
    logging.filter,
    "hickory_server::server=off,ztunnel::xds=debug,info",
  );
});

Deno.test("Logging.resetFilter() goes back to the start, then adds", () => {
  const logging = logTo([]);
  logging.mergeFilter("trace,dns=warn");
  equal(logging.resetFilter("access=debug"), true);
  equal(logging.filter, "hickory_server::server=off,access=debug,info");
  logging.resetFilter();
  equal(logging.filter, "hickory_server::server=off,info");
});

Deno.test("Logging.setFilter() takes the filter of another instance", () => {
  const [one, other] = [logTo([]), logTo([])];
  one.mergeFilter("debug,access=off");
  equal(other.setFilter(one.filter), true);
  equal(other.filter, one.filter);
});

Deno.test("Logging leaves its filter alone when told nonsense", () => {
  const logging = logTo([]);
  deepEqual(
    [
      logging.setFilter("loud"),
      logging.mergeFilter("a:b"),
      logging.resetFilter("="),
    ],
    [false, false, false],
  );
  equal(logging.filter, "hickory_server::server=off,info");
});

Deno.test("createLogging() names a filter that it cannot read", () => {
  throws(
    () => logTo([], "access:loud"),
    (e) => e instanceof ConfigError && e.message.includes('"access:loud"'),
  );
});
