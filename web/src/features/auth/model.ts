/** Characters, as the server counts them; it has the last word. */
export const passwordLengthMin = 10;
