/** The two ways in which the plugin gets into the network that a runtime uses. */
import {
  type Edit,
  type JsonObject,
  withoutPlugin,
  withPlugin,
} from "../../wire/cni/mod.ts";
import { NotAListError } from "./chain_errors.ts";
import {
  modeOf,
  networkFiles,
  readConf,
  removeFile,
  replaceFile,
} from "./chain_files.ts";

/** A network with the plugin in it; each call returns the file that it changed. */
export interface Network {
  /** @throws {HairpinError} when that cannot be. */
  put(own: JsonObject): Promise<string | undefined>;
  /** @throws {HairpinError} when that cannot be. */
  remove(): Promise<string | undefined>;
}

export interface NetworkOptions {
  /** Folder of networks. */
  readonly netDir: string;
  /** Name of the network's file; default: the first. */
  readonly confName: string | undefined;
}

/** What a plugin's file that became a list is called meanwhile: no runtime reads it. */
const ASIDE = ".before-hairpin";
/** A network may hold what a plugin asks somebody with. */
const MODE = 0o600;

/** The primary's own file, with the plugin at its end. */
export class EditedNetwork implements Network {
  readonly #options: NetworkOptions;

  constructor(options: NetworkOptions) {
    this.#options = options;
  }

  async put(own: JsonObject): Promise<string | undefined> {
    const path = await this.#path();
    const edit = usable(path, withPlugin(await readConf(path), own));
    if (edit.kind === "same") return undefined;
    const mode = await modeOf(path) ?? MODE;
    const list = listPathOf(path);
    await replaceFile(list, edit.text, mode);
    // Until now both were there, and whichever comes first is whole.
    if (list !== path) await Deno.rename(path, `${path}${ASIDE}`);
    return list;
  }

  async remove(): Promise<string | undefined> {
    const path = await this.#path();
    for (const single of SINGLES.map((end) => singlePathOf(path, end))) {
      if (await modeOf(`${single}${ASIDE}`) === undefined) continue;
      // First this, so that at no time there is no network.
      await Deno.rename(`${single}${ASIDE}`, single);
      await removeFile(path);
      return single;
    }
    const edit = usable(path, withoutPlugin(await readConf(path)));
    if (edit.kind === "same") return undefined;
    await replaceFile(path, edit.text, await modeOf(path) ?? MODE);
    return path;
  }

  /** A file that is named may have become a list meanwhile. */
  async #path(): Promise<string> {
    const { netDir, confName } = this.#options;
    const names = await networkFiles(netDir);
    const first = confName === undefined
      ? names[0]
      : [confName, listPathOf(confName)].find((name) => names.includes(name));
    if (first === undefined) throw noNetwork(netDir);
    // Written anew, it comes behind the list that was made of it.
    const json = singlePathOf(first, ".json");
    const isAnew = names.includes(json) &&
      await modeOf(`${netDir}/${json}${ASIDE}`) !== undefined;
    return `${netDir}/${isAnew ? json : first}`;
  }
}

export interface OwnNetworkOptions extends NetworkOptions {
  /** Name of the own file, which has to come first. */
  readonly ownConf: string;
}

/**
 * A copy of the primary with the plugin at its end, in a file that comes before
 * it. Whoever writes the primary anew, as many do at every start of the node,
 * does not take the plugin out: until the node proxy is back, pods of the mesh
 * wait for it.
 */
export class OwnNetwork implements Network {
  readonly #options: OwnNetworkOptions;

  constructor(options: OwnNetworkOptions) {
    this.#options = options;
  }

  async put(own: JsonObject): Promise<string | undefined> {
    const primary = await this.#primary();
    const text = await readConf(primary);
    const wanted = ownText(primary, text, own);
    const path = this.#path;
    const isThere = await modeOf(path) !== undefined &&
      await readConf(path).catch(() => undefined) === wanted;
    if (!isThere) await replaceFile(path, wanted, MODE);
    const cleaned = await this.#clean(primary, text);
    return isThere ? cleaned : path;
  }

  async remove(): Promise<string | undefined> {
    return await removeFile(this.#path) ? this.#path : undefined;
  }

  get #path(): string {
    return `${this.#options.netDir}/${this.#options.ownConf}`;
  }

  async #primary(): Promise<string> {
    const { netDir, confName, ownConf } = this.#options;
    const names = await networkFiles(netDir);
    const others = names.filter((name) => name !== ownConf);
    const first = others[0];
    if (first === undefined && names.length > 0) {
      throw new NotAListError(
        this.#path,
        "the network that it is a copy of is gone; it stays as it was",
      );
    }
    if (first === undefined) throw noNetwork(netDir);
    if (first < ownConf) {
      throw new NotAListError(this.#path, `"${first}" comes before it by name`);
    }
    const primary = confName ?? first;
    if (others.includes(primary)) return `${netDir}/${primary}`;
    throw noNetwork(netDir);
  }

  /** Takes out what an installation of the other kind has left in the primary. */
  async #clean(primary: string, text: string): Promise<string | undefined> {
    if (!isList(primary)) return undefined;
    const edit = withoutPlugin(text);
    if (edit.kind !== "changed") return undefined;
    await replaceFile(primary, edit.text, await modeOf(primary) ?? MODE);
    return primary;
  }
}

function ownText(primary: string, text: string, own: JsonObject): string {
  const edit = usable(primary, withPlugin(text, own));
  return edit.kind === "same" ? text : edit.text;
}

/** @throws {NotAListError} naming what it is not. */
function usable(path: string, edit: Edit): Exclude<Edit, { kind: "bad" }> {
  if (edit.kind === "bad") throw new NotAListError(path, edit.why);
  return edit;
}

const noNetwork = (netDir: string): NotAListError =>
  new NotAListError(netDir, "no network is there yet");

/** What a runtime takes for a single plugin. */
const SINGLES = [".conf", ".json"];

const isList = (path: string): boolean => path.endsWith(".conflist");

const listPathOf = (path: string): string =>
  path.replace(/\.(conf|json)$/, ".conflist");

const singlePathOf = (path: string, end: string): string =>
  path.replace(/\.conflist$/, end);
