import { deepEqual, equal } from "node:assert/strict";
import {
  decodeTraceparent,
  encodeTraceparent,
  newTrace,
} from "../../../src/wire/baggage/mod.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const PARENT_ID = "b7ad6b7169203331";

Deno.test("newTrace() turns random octets into digits, encodeTraceparent() into a header", () => {
  const trace = newTrace((octets) => new Uint8Array(octets).fill(octets));
  equal(
    encodeTraceparent(trace),
    `00-${"10".repeat(16)}-${"08".repeat(8)}-00`,
  );
});

Deno.test("decodeTraceparent() reads ids, sampled or not", () => {
  for (const flags of ["00", "01"]) {
    deepEqual(decodeTraceparent(`00-${TRACE_ID}-${PARENT_ID}-${flags}`), {
      traceId: TRACE_ID,
      parentId: PARENT_ID,
    });
  }
});

const refused = [
  "",
  `00-${TRACE_ID}-${PARENT_ID}-00-more`,
  `01-${TRACE_ID}-${PARENT_ID}-00`,
  `00-${TRACE_ID.toUpperCase()}-${PARENT_ID}-00`,
  `00-${"0".repeat(32)}-${PARENT_ID}-00`,
  `00-${TRACE_ID}-${"0".repeat(16)}-00`,
  `00-${TRACE_ID}-${PARENT_ID}-0`,
];
for (const header of refused) {
  Deno.test(`decodeTraceparent() refuses "${header}"`, () => {
    equal(decodeTraceparent(header), undefined);
  });
}
