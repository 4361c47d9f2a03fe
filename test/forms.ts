/** The forms of a page, as a browser without scripts would send them. */

export interface FormField {
  readonly name: string;
  readonly kind: string;
  readonly value: string;
  /** A box or a choice that is sent. */
  readonly isChosen: boolean;
}

export interface Form {
  readonly method: string;
  readonly action: string;
  readonly html: string;
  readonly fields: readonly FormField[];
}

export function formsIn(html: string): Form[] {
  return [...html.matchAll(/<form([^>]*)>([\s\S]*?)<\/form>/g)].map(([, head = '', body = '']) => ({
    method: attribute(head, 'method') ?? 'get',
    action: attribute(head, 'action') ?? '',
    html: body,
    fields: fieldsIn(body),
  }));
}

/** The sent values of a field: typed or chosen ones. */
export const sentOf = (fields: readonly FormField[], name: string): string[] =>
  fields.filter((field) => field.name === name && field.isChosen).map(({ value }) => value);

export const isSecret = ({ kind }: FormField): boolean => kind === 'password';
export const isHidden = ({ kind }: FormField): boolean => kind === 'hidden';
export const isTyped = ({ kind }: FormField): boolean => ['text', 'search', 'password'].includes(kind);

function fieldsIn(body: string): FormField[] {
  const inputs = [...body.matchAll(/<input([^>]*)>/g)].flatMap(([, tag = '']) => {
    const name = attribute(tag, 'name');
    const kind = attribute(tag, 'type') ?? 'text';
    const isChosen = !['checkbox', 'radio'].includes(kind) || / checked(=|\s|$)/.test(tag);
    return name === undefined ? [] : [{ name, kind, value: attribute(tag, 'value') ?? '', isChosen }];
  });
  const choices = [...body.matchAll(/<select([^>]*)>([\s\S]*?)<\/select>/g)].flatMap(
    ([, tag = '', options = '']) =>
      [...options.matchAll(/<option([^>]*)>/g)].map(([, option = ''], index) => ({
        name: attribute(tag, 'name') ?? '',
        kind: 'radio',
        value: attribute(option, 'value') ?? '',
        isChosen: options.includes(' selected') ? / selected(=|\s|$)/.test(option) : index === 0,
      })),
  );
  return [...inputs, ...choices];
}

function attribute(tag: string, name: string): string | undefined {
  const found = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(tag)?.[1];
  return found === undefined ? undefined : decoded(found);
}

export const decoded = (text: string): string =>
  text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
