import type { Constraint } from '../tables.js';

/** A table's or column's name in SQL. */
export const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

export const claimsTable = (constraint: Constraint): string => `${snake(constraint)}_claims`;
