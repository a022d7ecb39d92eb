export type Tokens = Record<'light' | 'dark', Record<string, string>>;
export function readTokens(css?: string): Tokens;
export function contrast(one: string, other: string): number;
export function findings(tokens?: Tokens): string[];
