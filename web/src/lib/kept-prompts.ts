import { create } from 'zustand';

const most = 50;

/** Adds a prompt: newest first, each once. */
export function remember(kept: readonly string[], prompt: string): readonly string[] {
  const text = prompt.trim();
  return text ? [text, ...kept.filter((one) => one !== text)].slice(0, most) : kept;
}

/**
 * Prompts that something else took the place of since the page was loaded, and that no run was made
 * of; the others are on the server, which is asked for them.
 */
export const useKeptPrompts = create<{ texts: readonly string[] }>()(() => ({ texts: [] }));

export function keepPrompt(prompt: string) {
  useKeptPrompts.setState(({ texts }) => ({ texts: remember(texts, prompt) }));
}

/** What the server has, or what its person deleted. */
export function forgetPrompts(prompts: readonly string[]) {
  const gone = new Set(prompts.map((one) => one.trim()));
  useKeptPrompts.setState(({ texts }) => ({ texts: texts.filter((one) => !gone.has(one)) }));
}

export function forgetAllPrompts() {
  useKeptPrompts.setState({ texts: [] });
}
