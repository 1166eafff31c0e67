/** Gives `holder` another `key` for the length of a scope. */
export function replaced<T extends object, K extends keyof T>(
  holder: T,
  key: K,
  value: T[K],
): Disposable {
  const before = holder[key];
  holder[key] = value;
  return {
    [Symbol.dispose]() {
      holder[key] = before;
    },
  };
}
