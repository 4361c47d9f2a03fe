import { AwsError } from './aws-error.js';

/** The constraints of a string parameter; errors have AWS's text. */
export interface TextRule {
  min?: number;
  max?: number;
  pattern?: RegExp;
  /** The pattern as AWS writes it in its message. @default - the pattern's source */
  patternText?: string;
}

/** A tag of a role, a policy or a session. */
export interface Tag {
  Key: string;
  Value: string;
}

/** The rule of every IAM name. */
export const NAME = /^[\w+=,.@-]+$/;

const TAG_TEXT = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** The parameters of one call, read with AWS's validation. */
export class Parameters {
  constructor(private readonly values: URLSearchParams) {}

  /** A text, or undefined when it was not sent. An empty one was sent. */
  optional(name: string, rule: TextRule = {}): string | undefined {
    const value = this.values.get(name);
    if (value === null) return undefined;
    checkText(memberName(name), value, rule);
    return value;
  }

  /** A text that must have been sent. */
  required(name: string, rule: TextRule = {}): string {
    const value = this.optional(name, rule);
    if (value === undefined) throw violation('null', memberName(name), 'Member must not be null', false);
    return value;
  }

  /** A whole number within AWS's limits. */
  integer(name: string, min: number, max: number): number | undefined {
    const text = this.values.get(name);
    if (text === null) return undefined;
    if (!/^-?\d{1,10}$/.test(text))
      throw new AwsError('MalformedInput', `Could not deserialize '${text}' as an integer for ${name}`);
    const value = Number(text);
    const member = memberName(name);
    if (value < min) throw violation(text, member, `Member must have value greater than or equal to ${min}`);
    if (value > max) throw violation(text, member, `Member must have value less than or equal to ${max}`);
    return value;
  }

  /** A boolean; AWS takes any letter case. */
  boolean(name: string): boolean {
    return this.values.get(name)?.toLowerCase() === 'true';
  }

  /** `Name.member.1`, `Name.member.2`, …; of a list of structures one field: `Name.member.1.Field`, … */
  list(name: string, field?: string): string[] {
    const items: string[] = [];
    for (let index = 1; ; index++) {
      const value = this.values.get([name, 'member', index, ...(field ? [field] : [])].join('.'));
      if (value === null) return items;
      items.push(value);
    }
  }

  /** `Tags.member.N.Key` and `.Value`, checked. */
  tags(): Tag[] {
    const keys = this.list('Tags', 'Key');
    checkCount('tags', keys, 50);
    const tags = keys.map((Key, index) => {
      const Value = this.values.get(`Tags.member.${index + 1}.Value`) ?? '';
      checkText(`tags.${index + 1}.member.key`, Key, { min: 1, max: 128, pattern: TAG_TEXT });
      checkText(`tags.${index + 1}.member.value`, Value, { max: 256, pattern: TAG_TEXT });
      return { Key, Value };
    });
    if (new Set(tags.map((tag) => tag.Key.toLowerCase())).size < tags.length)
      throw new AwsError(
        'InvalidInput',
        'Duplicate tag keys found. Please note that Tag keys are case insensitive.',
      );
    return tags;
  }
}

/** The refusal of a parameter's value, in AWS's words. */
export function violation(value: string, member: string, constraint: string, quoted = true): AwsError {
  const shown = quoted ? `'${value}'` : value;
  return new AwsError(
    'ValidationError',
    `1 validation error detected: Value ${shown} at '${member}' failed to satisfy constraint: ${constraint}`,
  );
}

/** Refuses a list that is too long. */
export function checkCount(member: string, items: readonly string[], max: number): void {
  if (items.length > max)
    throw violation(member, member, `Member must have length less than or equal to ${max}`);
}

function checkText(member: string, value: string, rule: TextRule): void {
  if (rule.min !== undefined && value.length < rule.min)
    throw violation(value, member, `Member must have length greater than or equal to ${rule.min}`);
  if (rule.max !== undefined && value.length > rule.max)
    throw violation(value, member, `Member must have length less than or equal to ${rule.max}`);
  if (rule.pattern && !rule.pattern.test(value)) {
    const pattern = rule.patternText ?? rule.pattern.source.replace(/^\^|\$$/g, '');
    throw violation(value, member, `Member must satisfy regular expression pattern: ${pattern}`);
  }
}

/** AWS names members with a small first letter in its messages. */
function memberName(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
