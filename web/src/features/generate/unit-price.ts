import { createContext } from 'react';

/** What one picture costs as the form stands: with its size, its quality, its words and references. */
export interface UnitPrice {
  model: string;
  micro: number;
  currency: string;
}

export const UnitPriceContext = createContext<UnitPrice | null>(null);
