export function bareStrings(text: string, file?: string): string[];
export function findings(folder?: string): string[];
