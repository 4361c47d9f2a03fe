import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

// biome-ignore lint/suspicious/noExplicitAny: a document is read member by member, and a wrong guess fails the test.
type Json = any;

/** Reads `/openapi.json` and holds answers to it, more strictly than a client would: no member may be undocumented. */
export function readContract(document: Json) {
  const closed = closeObjects(structuredClone(document));
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema(closed, 'openapi');
  const validators = new Map<string, ValidateFunction>();

  const operationOf = (method: string, path: string) => {
    const pathname = path.split('?')[0] ?? '';
    const template = Object.keys(document.paths)
      .sort((one, other) => one.split('{').length - other.split('{').length)
      .find((known) => new RegExp(`^${known.replace(/\{\w+\}/g, '[^/]+')}$`).test(pathname));
    const operation = template && document.paths[template][method.toLowerCase()];
    return operation && { operation, pointer: `/paths/${pointerPart(template)}/${method.toLowerCase()}` };
  };

  return {
    operationOf,
    /** The fault of an answer; undefined when it is as documented. */
    faultOf(method: string, path: string, answer: { status: number; body: unknown }): string | undefined {
      const called = `${method} ${path}`;
      const found = operationOf(method, path);
      if (!found) return `${called} is no documented call: add it to service/api/operations.ts`;
      const documented = found.operation.responses[answer.status];
      const code = (answer.body as { code?: string } | undefined)?.code;
      if (!documented) return `${called} answered ${answer.status} ${code ?? ''}, which is not documented`;
      if (answer.status >= 400 && !documented['x-problem-codes'].includes(code))
        return `${called} answered ${answer.status} with the code ${code}, which is not documented`;
      const [type] = Object.keys(documented.content ?? {});
      if (!type) return answer.body === undefined ? undefined : `${called} answered with a body`;
      // A file, which is no JSON.
      if (!documented.content[type].schema) return undefined;
      const pointer = `${found.pointer}/responses/${answer.status}/content/${pointerPart(type)}/schema`;
      const validate = validators.get(pointer) ?? ajv.compile({ $ref: `openapi#${encodeURI(pointer)}` });
      validators.set(pointer, validate);
      if (validate(answer.body)) return undefined;
      return `${called} answered ${answer.status} with ${JSON.stringify(answer.body)}: ${ajv.errorsText(validate.errors)}`;
    },
    /** The fault of a webhook message; undefined when it is as documented. */
    faultOfMessage(message: { type: string }): string | undefined {
      if (!document.webhooks[message.type]) return `${message.type} is not documented`;
      const pointer = `/webhooks/${message.type}/post/requestBody/content/application~1json/schema`;
      const validate = ajv.compile({ $ref: `openapi#${encodeURI(pointer)}` });
      return validate(message) ? undefined : `${JSON.stringify(message)}: ${ajv.errorsText(validate.errors)}`;
    },
    /** Is the body one that the document allows? */
    accepts(method: string, path: string, body: unknown): boolean {
      const found = operationOf(method, path);
      if (!found?.operation.requestBody) return body === undefined;
      const pointer = `${found.pointer}/requestBody/content/application~1json/schema`;
      return ajv.validate({ $ref: `openapi#${encodeURI(pointer)}` }, body);
    },
  };
}

const pointerPart = (part: string) => part.replaceAll('~', '~0').replaceAll('/', '~1');

function closeObjects(schema: Json): Json {
  if (typeof schema !== 'object' || schema === null) return schema;
  if (schema.type === 'object' && schema.properties && schema.additionalProperties === undefined)
    schema.additionalProperties = false;
  for (const part of Object.values(schema)) closeObjects(part);
  return schema;
}
