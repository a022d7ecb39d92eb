/** Who keeps the house: settings, providers, and what is everybody's. */
export function keepsHouse(me: { role: string } | undefined): boolean {
  return me?.role === 'admin' || me?.role === 'owner';
}
