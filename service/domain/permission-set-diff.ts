import type { PermissionDenial, PermissionSet } from './permission-set.js';

/** An entry that differs between two versions of a set. */
export interface PermissionChange {
  readonly kind: 'statement' | 'deny' | 'managed_policy';
  readonly change: 'added' | 'removed' | 'changed';
  /** The statement's sid, or the managed policy's name. */
  readonly sid: string;
  /** The vendor's, of the newer version where it has one. */
  readonly reason: string;
  readonly optional: boolean;
  readonly addedActions: readonly string[];
  readonly removedActions: readonly string[];
  readonly addedResources: readonly string[];
  readonly removedResources: readonly string[];
  readonly conditionsChanged: boolean;
}

/** Changes for a role between two versions. Titles, reasons and checks alone change nothing. */
export function comparePermissionSets(from: PermissionSet, to: PermissionSet): PermissionChange[] {
  return [
    ...compareEntries('statement', from.statements, to.statements),
    ...compareEntries('deny', from.denies, to.denies),
    ...compareManaged(from.managedPolicies, to.managedPolicies),
  ];
}

/** The change in one line: `adds Certificates (+acm:RequestCertificate): …`. */
export function changeSentence({ kind, change, sid, reason, optional, ...lists }: PermissionChange): string {
  const { addedActions, removedActions, addedResources, removedResources, conditionsChanged } = lists;
  const verb = { added: 'adds', removed: 'removes', changed: 'changes' }[change];
  const name = { statement: sid, deny: `the denial ${sid}`, managed_policy: `AWS's policy ${sid}` }[kind];
  const signed = [
    ...signs('+', addedActions),
    ...signs('-', removedActions),
    ...(change === 'changed' ? [...signs('+', addedResources), ...signs('-', removedResources)] : []),
    ...(change === 'changed' && conditionsChanged ? ['other conditions'] : []),
  ];
  const details = signed.length > 0 ? ` (${signed.join(', ')})` : '';
  return `${verb} ${optional ? 'the optional ' : ''}${name}${details}: ${reason}`;
}

type Entry = PermissionDenial & { readonly optional?: boolean };

function compareEntries(
  kind: 'statement' | 'deny',
  from: readonly Entry[],
  to: readonly Entry[],
): PermissionChange[] {
  const sids = [...new Set([...to, ...from].map(({ sid }) => sid))];
  return sids.flatMap((sid) => {
    const [before, after] = [from, to].map((list) => list.find((entry) => entry.sid === sid));
    const shown = after ?? before;
    if (shown === undefined) return [];
    const difference = {
      addedActions: missingIn(before?.actions, after?.actions),
      removedActions: missingIn(after?.actions, before?.actions),
      addedResources: missingIn(before?.resources, after?.resources),
      removedResources: missingIn(after?.resources, before?.resources),
      conditionsChanged: canonical(before?.conditions) !== canonical(after?.conditions),
    };
    const isSame =
      before !== undefined &&
      after !== undefined &&
      before.optional === after.optional &&
      Object.values(difference).every(
        (value) => value === false || (Array.isArray(value) && value.length === 0),
      );
    if (isSame) return [];
    const change = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed';
    return [{ kind, change, sid, reason: shown.reason, optional: shown.optional ?? false, ...difference }];
  });
}

function compareManaged(from: readonly string[], to: readonly string[]): PermissionChange[] {
  const of = (change: 'added' | 'removed') => (sid: string) =>
    ({ ...unchanged, kind: 'managed_policy', change, sid, reason: "AWS's own managed policy." }) as const;
  return [...missingIn(from, to).map(of('added')), ...missingIn(to, from).map(of('removed'))];
}

const unchanged = {
  optional: false,
  addedActions: [],
  removedActions: [],
  addedResources: [],
  removedResources: [],
  conditionsChanged: false,
} as const;

const missingIn = (list: readonly string[] = [], of: readonly string[] = []) =>
  of.filter((item) => !list.includes(item));

const signs = (sign: string, items: readonly string[]) => items.map((item) => `${sign}${item}`);

/** The value as text, independent of the order of members and list items. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return JSON.stringify(value.map(canonical).sort());
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? '';
  return JSON.stringify(
    Object.entries(value)
      .map(([key, item]) => [key, canonical(item)])
      .sort(),
  );
}
