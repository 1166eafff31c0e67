import assert from "node:assert/strict";
import { ConfigError } from "../../src/base/errors.ts";
import { followConfigFiles } from "../../src/control/config_files.ts";
import { nameOf } from "../../src/kube/mod.ts";

const pod = (name: string, extra = "") =>
  `---\napiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\n${extra}`;

type Told = { kind: "update" | "error" | "unknown"; lines: string[] };

/** Follows paths and keeps what was told, to be taken in order. */
class Follower implements AsyncDisposable {
  readonly #told: Told[] = [];
  #wake: () => void = () => {};
  readonly #stop = new AbortController();
  #done: Promise<void> = Promise.resolve();

  static async start(
    paths: string[],
    times = { debounceMs: 20, pollMs: 60_000 },
  ): Promise<Follower> {
    const follower = new Follower();
    const { done } = await followConfigFiles(paths, {
      ...times,
      signal: follower.#stop.signal,
      onUpdate: (objects) => follower.#tell("update", objects.map(nameOf)),
      onError: (errors) =>
        follower.#tell("error", errors.map(({ message }) => message)),
      onUnknownKind: (name) => follower.#tell("unknown", [name]),
    });
    follower.#done = done;
    return follower;
  }

  #tell(kind: Told["kind"], lines: string[]): void {
    this.#told.push({ kind, lines });
    this.#wake();
  }

  async next(): Promise<Told> {
    while (this.#told.length === 0) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    return this.#told.shift()!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }
}

async function inFolder(test: (folder: string) => Promise<void>) {
  const folder = await Deno.makeTempDir({ prefix: "hairpin-config-" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const update = (...names: string[]): Told => ({
  kind: "update",
  lines: names.map((name) => `default/${name}`),
});

Deno.test("followConfigFiles() reads a file again when it is written", () =>
  inFolder(async (folder) => {
    const file = `${folder}/mesh.yaml`;
    await Deno.writeTextFile(file, pod("a"));
    await using follower = await Follower.start([file]);
    assert.deepEqual(await follower.next(), update("a"));
    await Deno.writeTextFile(file, pod("a") + pod("b"));
    assert.deepEqual(await follower.next(), update("a", "b"));
  }));

Deno.test("followConfigFiles() sees a file renamed over, again and again", () =>
  inFolder(async (folder) => {
    const file = `${folder}/mesh.yaml`;
    await Deno.writeTextFile(file, pod("a"));
    await using follower = await Follower.start([file]);
    assert.deepEqual(await follower.next(), update("a"));
    for (const name of ["b", "c"]) {
      await Deno.writeTextFile(`${folder}/.new`, pod(name));
      await Deno.rename(`${folder}/.new`, file);
      assert.deepEqual(await follower.next(), update(name));
    }
  }));

Deno.test("followConfigFiles() sees the swap of a mounted ConfigMap", () =>
  inFolder(async (folder) => {
    for (const [version, name] of [["..1", "a"], ["..2", "b"]] as const) {
      await Deno.mkdir(`${folder}/${version}`);
      await Deno.writeTextFile(`${folder}/${version}/mesh.yaml`, pod(name));
    }
    await Deno.symlink("..1", `${folder}/..data`);
    await Deno.symlink("..data/mesh.yaml", `${folder}/mesh.yaml`);
    await using follower = await Follower.start([folder]);
    assert.deepEqual(await follower.next(), update("a"));
    await Deno.symlink("..2", `${folder}/..data_tmp`);
    await Deno.rename(`${folder}/..data_tmp`, `${folder}/..data`);
    assert.deepEqual(await follower.next(), update("b"));
  }));

Deno.test("followConfigFiles() follows files that come into a folder and leave it", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/1.yaml`, pod("a"));
    await Deno.writeTextFile(`${folder}/.hidden.yaml`, pod("h"));
    await Deno.writeTextFile(`${folder}/notes.txt`, "not for us");
    await using follower = await Follower.start([folder]);
    assert.deepEqual(await follower.next(), update("a"));
    await Deno.writeTextFile(`${folder}/0.yml`, pod("z"));
    assert.deepEqual(await follower.next(), update("z", "a"));
    await Deno.remove(`${folder}/1.yaml`);
    assert.deepEqual(await follower.next(), update("z"));
  }));

Deno.test("followConfigFiles() keeps the last good state while a file is bad", () =>
  inFolder(async (folder) => {
    const file = `${folder}/mesh.yaml`;
    await Deno.writeTextFile(file, pod("a"));
    await using follower = await Follower.start([file]);
    assert.deepEqual(await follower.next(), update("a"));
    await Deno.writeTextFile(file, pod("a") + pod("B"));
    assert.deepEqual(await follower.next(), {
      kind: "error",
      lines: [
        `Cannot use "${file}": document 2, line 8, Pod "B": metadata.name: "B" is not a Kubernetes name`,
      ],
    });
    await Deno.writeTextFile(file, pod("a"));
    assert.deepEqual(await follower.next(), { kind: "error", lines: [] });
    await Deno.writeTextFile(file, pod("b"));
    assert.deepEqual(await follower.next(), update("b"));
  }));

Deno.test("followConfigFiles() keeps the last good state while a file is gone", () =>
  inFolder(async (folder) => {
    const file = `${folder}/mesh.yaml`;
    await Deno.writeTextFile(file, pod("a"));
    await using follower = await Follower.start([file]);
    assert.deepEqual(await follower.next(), update("a"));
    await Deno.remove(file);
    assert.deepEqual(await follower.next(), {
      kind: "error",
      lines: [`Cannot use "${file}": no such file or folder`],
    });
    await Deno.writeTextFile(file, pod("b"));
    assert.deepEqual(await follower.next(), update("b"));
    assert.deepEqual(await follower.next(), { kind: "error", lines: [] });
  }));

Deno.test("followConfigFiles() finds a replaced folder by polling", () =>
  inFolder(async (folder) => {
    const mesh = `${folder}/mesh`;
    await Deno.mkdir(mesh);
    await Deno.writeTextFile(`${mesh}/1.yaml`, pod("a"));
    const times = { debounceMs: 10, pollMs: 50 };
    await using follower = await Follower.start([mesh], times);
    assert.deepEqual(await follower.next(), update("a"));
    await Deno.mkdir(`${folder}/next`);
    await Deno.writeTextFile(`${folder}/next/1.yaml`, pod("b"));
    await Deno.rename(mesh, `${folder}/old`);
    await Deno.rename(`${folder}/next`, mesh);
    let told = await follower.next();
    while (told.kind === "error") told = await follower.next();
    assert.deepEqual(told, update("b"));
  }));

Deno.test("followConfigFiles() names an unknown kind once", () =>
  inFolder(async (folder) => {
    const file = `${folder}/mesh.yaml`;
    const deployment =
      "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n";
    await Deno.writeTextFile(file, deployment + pod("a"));
    await using follower = await Follower.start([file]);
    assert.deepEqual(await follower.next(), {
      kind: "unknown",
      lines: ["apps/v1/Deployment"],
    });
    assert.deepEqual(await follower.next(), update("a"));
    await Deno.writeTextFile(file, deployment + deployment + pod("b"));
    assert.deepEqual(await follower.next(), update("b"));
  }));

const refused: [
  name: string,
  make: (folder: string) => Promise<void>,
  line: (folder: string) => string,
][] = [
  [
    "a file that is not there",
    async () => {},
    (folder) => `Cannot use "${folder}/mesh.yaml": no such file or folder`,
  ],
  [
    "a folder without configuration",
    (folder) => Deno.mkdir(`${folder}/mesh.yaml`),
    (folder) =>
      `Cannot use "${folder}/mesh.yaml": no .yaml, .yml or .json file in the folder`,
  ],
  [
    "a file that is too large",
    (folder) =>
      Deno.writeFile(
        `${folder}/mesh.yaml`,
        new Uint8Array(8 * 1024 * 1024 + 1),
      ),
    (folder) => `Cannot use "${folder}/mesh.yaml": over 8388608 bytes`,
  ],
  [
    "a file that is not text",
    (folder) =>
      Deno.writeFile(`${folder}/mesh.yaml`, Uint8Array.of(0x61, 0xff)),
    (folder) => `Cannot use "${folder}/mesh.yaml": not UTF-8 text`,
  ],
  [
    "a bad object",
    (folder) => Deno.writeTextFile(`${folder}/mesh.yaml`, "kind: Pod\n"),
    (folder) =>
      `Cannot use "${folder}/mesh.yaml": document 1, line 1, Pod: apiVersion: is missing`,
  ],
];
for (const [name, make, line] of refused) {
  Deno.test(`followConfigFiles() does not start with ${name}`, () =>
    inFolder(async (folder) => {
      await make(folder);
      await assert.rejects(
        Follower.start([`${folder}/mesh.yaml`]),
        (reason) => {
          assert.ok(reason instanceof ConfigError);
          assert.equal(reason.message, line(folder));
          return true;
        },
      );
    }));
}
