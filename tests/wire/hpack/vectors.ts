import type { HeaderList } from "../../../src/wire/hpack/mod.ts";

/** One header block of RFC 7541, appendix C, and the table after it. */
export interface Vector {
  readonly fields: HeaderList;
  readonly block: string;
  /** Newest first. */
  readonly table: HeaderList;
  readonly tableSize: number;
}

/** Consecutive blocks of one connection. */
export interface VectorGroup {
  readonly section: string;
  readonly tableSizeMax: number;
  readonly huffman: boolean;
  readonly vectors: readonly Vector[];
}

const authority = [":authority", "www.example.com"] as const;
const noCache = ["cache-control", "no-cache"] as const;
const custom = ["custom-key", "custom-value"] as const;
const isPrivate = ["cache-control", "private"] as const;
const date21 = ["date", "Mon, 21 Oct 2013 20:13:21 GMT"] as const;
const date22 = ["date", "Mon, 21 Oct 2013 20:13:22 GMT"] as const;
const location = ["location", "https://www.example.com"] as const;
const gzip = ["content-encoding", "gzip"] as const;
const cookie = [
  "set-cookie",
  "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
] as const;
const get = [":method", "GET"] as const;
const http = [":scheme", "http"] as const;

function requests(blocks: readonly [string, string, string]): Vector[] {
  return [
    {
      fields: [get, http, [":path", "/"], authority],
      block: blocks[0],
      table: [authority],
      tableSize: 57,
    },
    {
      fields: [get, http, [":path", "/"], authority, noCache],
      block: blocks[1],
      table: [noCache, authority],
      tableSize: 110,
    },
    {
      fields: [
        get,
        [":scheme", "https"],
        [":path", "/index.html"],
        authority,
        custom,
      ],
      block: blocks[2],
      table: [custom, noCache, authority],
      tableSize: 164,
    },
  ];
}

function responses(blocks: readonly [string, string, string]): Vector[] {
  return [
    {
      fields: [[":status", "302"], isPrivate, date21, location],
      block: blocks[0],
      table: [location, date21, isPrivate, [":status", "302"]],
      tableSize: 222,
    },
    {
      fields: [[":status", "307"], isPrivate, date21, location],
      block: blocks[1],
      table: [[":status", "307"], location, date21, isPrivate],
      tableSize: 222,
    },
    {
      fields: [
        [":status", "200"],
        isPrivate,
        date22,
        location,
        gzip,
        cookie,
      ],
      block: blocks[2],
      table: [cookie, gzip, date22],
      tableSize: 215,
    },
  ];
}

/** RFC 7541, appendix C.3 to C.6. */
export const VECTOR_GROUPS: readonly VectorGroup[] = [
  {
    section: "C.3",
    tableSizeMax: 4096,
    huffman: false,
    vectors: requests([
      "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
      "8286 84be 5808 6e6f 2d63 6163 6865",
      "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661" +
      "6c75 65",
    ]),
  },
  {
    section: "C.4",
    tableSizeMax: 4096,
    huffman: true,
    vectors: requests([
      "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
      "8286 84be 5886 a8eb 1064 9cbf",
      "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
    ]),
  },
  {
    section: "C.5",
    tableSizeMax: 256,
    huffman: false,
    vectors: responses([
      "4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63" +
      "7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073" +
      "3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
      "4803 3330 37c1 c0bf",
      "88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133" +
      "3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48" +
      "514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178" +
      "2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31",
    ]),
  },
  {
    section: "C.6",
    tableSizeMax: 256,
    huffman: true,
    vectors: responses([
      "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504" +
      "0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae" +
      "43d3",
      "4883 640e ffc1 c0bf",
      "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff" +
      "c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af" +
      "2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50" +
      "07",
    ]),
  },
];

/** RFC 7541, appendix C.1: value, prefix bits, octets. */
export const INTEGERS: readonly [
  section: string,
  value: number,
  prefixBits: number,
  octets: string,
][] = [
  ["C.1.1", 10, 5, "0a"],
  ["C.1.2", 1337, 5, "1f9a0a"],
  ["C.1.3", 42, 8, "2a"],
];

/** RFC 7541, appendix C.2: one field each, in a table of its own. */
export const REPRESENTATIONS: readonly (Vector & {
  readonly section: string;
  readonly indexing: "incremental" | "without" | "never";
})[] = [
  {
    section: "C.2.1",
    indexing: "incremental",
    fields: [["custom-key", "custom-header"]],
    block: "400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572",
    table: [["custom-key", "custom-header"]],
    tableSize: 55,
  },
  {
    section: "C.2.2",
    indexing: "without",
    fields: [[":path", "/sample/path"]],
    block: "040c 2f73 616d 706c 652f 7061 7468",
    table: [],
    tableSize: 0,
  },
  {
    section: "C.2.3",
    indexing: "never",
    fields: [["password", "secret", true]],
    block: "1008 7061 7373 776f 7264 0673 6563 7265 74",
    table: [],
    tableSize: 0,
  },
  {
    section: "C.2.4",
    indexing: "incremental",
    fields: [[":method", "GET"]],
    block: "82",
    table: [],
    tableSize: 0,
  },
];

/** Octets written as hex digits, blanks ignored. */
export function hex(digits: string): Uint8Array {
  return Uint8Array.fromHex(digits.replaceAll(" ", ""));
}
