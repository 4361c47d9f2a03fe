import { type PermissionSet, permissionSetSchema } from '../../service/domain/permission-set.js';
import { hostileTexts } from './hostile.js';

const entry = (sid: string) => ({
  sid,
  reason: `Why ${sid}.`,
  actions: ['s3:ListBucket'],
  resources: ['arn:aws:s3:::bucket'],
  conditions: { StringLike: { 'aws:PrincipalTag/team': ['one'] }, Null: { 'aws:TokenIssueTime': 'false' } },
  check: {
    actions: ['s3:ListBucket'],
    resources: ['arn:aws:s3:::bucket'],
    context: { 'aws:PrincipalTag/team': 'one' },
  },
});

/** A set with every member that a file can have. */
export const setWithEveryMember = () => ({
  name: 'deploy',
  version: 1,
  title: 'Deploy',
  statements: [{ ...entry('One'), optional: false }],
  managedPolicies: ['job-function/ViewOnlyAccess'],
  denies: [entry('Never')],
});

type Path = readonly (string | number)[];

/** Every place of a document, each object and list too. */
export function pathsOf(value: unknown, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, each]) => pathsOf(each, [...at, key]))];
}

/** A copy of a document with another value at a place. */
export function changed(document: unknown, [head, ...rest]: Path, value: unknown): unknown {
  if (head === undefined) return value;
  const copy: Record<string, unknown> | unknown[] = Array.isArray(document)
    ? [...document]
    : { ...Object(document) };
  return Object.assign(copy, { [head]: changed(Object(document)[head], rest, value) });
}

/** For each hostile text a set that has it wherever a file may have it. */
export function hostileSets(): PermissionSet[] {
  const allowed = [...hostileTexts, '</script><script>alert(1)</script>', `"><img src=x onerror=alert(1)>`];
  return allowed.map((text, index) => {
    let set: unknown = { ...setWithEveryMember(), name: `hostile-${index}` };
    for (const path of pathsOf(set).filter((one) => one.join() !== 'name'))
      for (const value of [
        text,
        text.replace(/\s+/g, ' ').trim(),
        `arn:aws:s3:::${text.replace(/\s/g, '')}`,
      ]) {
        const attempt = changed(set, path, value);
        if (typeof valueAt(set, path) === 'string' && permissionSetSchema.safeParse(attempt).success) {
          set = attempt;
          break;
        }
      }
    return permissionSetSchema.parse(set);
  });
}

export const valueAt = (document: unknown, path: Path): unknown =>
  path.reduce<unknown>((value, key) => Object(value)[key], document);
