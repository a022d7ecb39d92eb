/** What a reference picture may be there for; the server tells the model so in words. */
export const referenceRoles = ['product', 'person', 'style', 'layout', 'place', 'detail'] as const;
export type ReferenceRole = (typeof referenceRoles)[number];

function asRole(text: unknown): ReferenceRole | undefined {
  return referenceRoles.find((role) => role === text);
}

/** The role of each picture in its place, of parameters as the server has them. */
export function rolesOf(parameters: unknown): (ReferenceRole | undefined)[] {
  const list =
    parameters && typeof parameters === 'object'
      ? (parameters as { reference_roles?: unknown }).reference_roles
      : undefined;
  return Array.isArray(list) ? list.map(asRole) : [];
}
