import { hashKey, notifyManager, type QueryClient, type QueryKey } from '@tanstack/react-query';

/**
 * The query cache while a batch of events changes it: what was written is read again, and each query is told once, at the
 * end.  A query tells all who watch it at each write, sets their timers anew and compares the whole of it: for many events
 * that costs more than all they change.
 */
export interface Batch {
  client: QueryClient;
  read: <T>(key: QueryKey) => T | undefined;
  /** all that begin with this noun and have something */
  readAll: <T>(noun: string) => [QueryKey, T][];
  write: (key: QueryKey, data: unknown) => void;
  /** nothing where there is nothing, or when it gives back what it got */
  change: <T>(key: QueryKey, next: (data: T) => T) => void;
  remove: (key: QueryKey) => void;
  /** what is to come after all was written */
  afterwards: (work: () => void) => void;
}

export function inBatch(client: QueryClient, work: (batch: Batch) => void) {
  const written = new Map<string, { key: QueryKey; data: unknown }>();
  const later: (() => void)[] = [];
  const known = new Map<string, [QueryKey, string][]>();
  const readAs = (hash: string, key: QueryKey) =>
    written.has(hash) ? written.get(hash)?.data : client.getQueryData(key);
  const keysOf = (noun: string) => {
    let keys = known.get(noun);
    if (!keys) {
      keys = client
        .getQueryCache()
        .findAll({ queryKey: [noun] })
        .map(({ queryKey, queryHash }) => [queryKey, queryHash]);
      for (const [hash, { key }] of written)
        if (key[0] === noun && !keys.some((one) => one[1] === hash)) keys.push([key, hash]);
      known.set(noun, keys);
    }
    return keys;
  };
  const batch: Batch = {
    client,
    read: <T>(key: QueryKey) => readAs(hashKey(key), key) as T | undefined,
    readAll: <T>(noun: string) =>
      keysOf(noun).flatMap(([key, hash]): [QueryKey, T][] => {
        const data = readAs(hash, key);
        return data === undefined ? [] : [[key, data as T]];
      }),
    write: (key, data) => {
      const hash = hashKey(key);
      if (!written.has(hash)) known.delete(String(key[0]));
      written.set(hash, { key, data });
    },
    change: (key, next) => {
      const data = batch.read<Parameters<typeof next>[0]>(key);
      if (data === undefined) return;
      const changed = next(data);
      if (changed !== data) batch.write(key, changed);
    },
    remove: (key) => {
      written.delete(hashKey(key));
      known.delete(String(key[0]));
      client.removeQueries({ queryKey: key });
    },
    afterwards: (work) => later.push(work),
  };
  try {
    work(batch);
  } finally {
    notifyManager.batch(() => {
      for (const { key, data } of written.values()) client.setQueryData(key, data);
    });
    for (const one of later) one();
  }
}
