import { build, type InlineConfig, type Rolldown } from 'vite';

/*
 * The bundler gives each set of modules that the same pages share a file of its own: two hundred
 * files, half of them icons of 300 bytes, each of them a request before a page can be drawn. What
 * always comes together is one file here:
 *
 *   base   what the entry imports at once
 *   kit    what the frame brings after its first paint and pages need too, and what is small and
 *          needed by several parts
 *
 * All else stays as the bundler cuts it. Which parts need what, is known only when unused exports
 * are gone, so it is read from a build without groups.
 */

/** Characters of a file below which a request costs more than what it brings. */
const small = 2000;
const frameParts = /\/src\/(app\/(top-menus|running-pill)|ui\/toast-region)\.tsx$/;

/** Module id to the name of its group. */
export async function readGroups(config: InlineConfig): Promise<Map<string, string>> {
  const built = await build({
    ...config,
    configFile: false,
    logLevel: 'error',
    build: { ...config.build, write: false },
  });
  const { output } = (Array.isArray(built) ? built[0] : built) as Rolldown.RolldownOutput;
  const chunks = new Map(
    output.filter((file) => file.type === 'chunk').map((chunk) => [chunk.fileName, chunk]),
  );
  const closure = (names: readonly string[], into = new Set<string>()) => {
    for (const name of names) {
      if (into.has(name)) continue;
      into.add(name);
      closure(chunks.get(name)?.imports ?? [], into);
    }
    return into;
  };
  const all = [...chunks.values()];
  const first = closure(all.filter((chunk) => chunk.isEntry).map((chunk) => chunk.fileName));
  const frame = closure(
    all
      .filter((chunk) => frameParts.test(chunk.facadeModuleId ?? ''))
      .map((chunk) => chunk.fileName),
  );
  const groups = new Map<string, string>();
  for (const chunk of all) {
    const isFirst = first.has(chunk.fileName);
    const isKit =
      !isFirst &&
      !chunk.isDynamicEntry &&
      (frame.has(chunk.fileName) || chunk.code.length < small) &&
      [...closure([chunk.fileName])].every(
        (name) =>
          first.has(name) || frame.has(name) || (chunks.get(name)?.code.length ?? 0) < small,
      );
    for (const id of chunk.moduleIds) {
      if (isFirst) groups.set(id, 'base');
      else if (isKit) groups.set(id, 'kit');
    }
  }
  return groups;
}
