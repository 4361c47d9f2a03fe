import type { IncomingMessage } from 'node:http';
import { AwsError } from './aws-error.js';
import { Parameters } from './parameters.js';
import { checkSignature } from './signature.js';

/** A value that can be written as XML: arrays become `<member>` elements, undefined is left out. */
export type XmlValue =
  | string
  | number
  | boolean
  | Date
  | undefined
  | readonly XmlValue[]
  | { readonly [name: string]: XmlValue };

/** One parsed AWS Query request. */
export interface QueryRequest {
  service: ServiceName;
  /** Empty when none was sent. */
  action: string;
  params: Parameters;
  /** The access key in the Authorization header or in a presigned query. */
  accessKeyId: string | undefined;
  sessionToken: string | undefined;
  /** Refuses a request that is signed otherwise. False: it has no signature to check. */
  checkSignature: (secretAccessKey: string) => boolean;
  /** The region of the credential scope. */
  region: string | undefined;
  /** Condition keys from the HTTP request. */
  origin: RequestOrigin;
}

/** The origin of a request: `aws:SourceIp`, `aws:UserAgent`, `aws:Referer`. */
export interface RequestOrigin {
  sourceIp: string;
  userAgent: string | undefined;
  referer: string | undefined;
}

const NAMESPACES = {
  iam: 'https://iam.amazonaws.com/doc/2010-05-08/',
  sts: 'https://sts.amazonaws.com/doc/2011-06-15/',
};

/** The two services that one endpoint serves. */
export type ServiceName = keyof typeof NAMESPACES;

const MAX_BODY_BYTES = 1024 * 1024;

/** Reads action, parameters and the access key of the signature. Only the body's form or the URL's query: AWS ignores all else. */
export async function readQueryRequest(request: IncomingMessage): Promise<QueryRequest> {
  const query = new URL(request.url ?? '/', 'http://sandbox').searchParams;
  const rawBody = request.method === 'POST' ? await readBody(request) : '';
  const body = new URLSearchParams(rawBody);
  const values = new URLSearchParams([...query, ...body]);
  const credential =
    /Credential=([^,\s]+)/.exec(request.headers.authorization ?? '')?.[1] ?? values.get('X-Amz-Credential');
  const [accessKeyId, , region] = credential?.split('/') ?? [];
  const token = request.headers['x-amz-security-token'] ?? values.get('X-Amz-Security-Token');
  const { socket, headers } = request;
  return {
    // The services share an endpoint here; the API version, which every client sends, distinguishes them.
    service: values.get('Version') === '2010-05-08' ? 'iam' : 'sts',
    action: values.get('Action') ?? '',
    params: new Parameters(values),
    checkSignature: (secret) => checkSignature(secret, request, rawBody),
    // An IPv4 address that arrives on a socket for both families is an IPv4 address.
    origin: {
      sourceIp: (socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
      userAgent: headers['user-agent'],
      referer: headers.referer,
    },
    accessKeyId: accessKeyId || undefined,
    sessionToken: typeof token === 'string' ? token || undefined : undefined,
    region: region || undefined,
  };
}

/** A successful answer's body. */
export function successXml(
  service: ServiceName,
  action: string,
  result: XmlValue | undefined,
  requestId: string,
): string {
  const metadata = element('ResponseMetadata', { RequestId: requestId });
  const content = result === undefined ? '' : element(`${action}Result`, result);
  return `<${action}Response xmlns="${NAMESPACES[service]}">${content}${metadata}</${action}Response>\n`;
}

/** An error's body. */
export function errorXml(service: ServiceName, error: AwsError, requestId: string): string {
  const type = error.status < 500 ? 'Sender' : 'Receiver';
  const content = element('Error', { Type: type, Code: error.code, Message: error.message });
  return `<ErrorResponse xmlns="${NAMESPACES[service]}">${content}${element('RequestId', requestId)}</ErrorResponse>\n`;
}

/** AWS writes times without fractions of a second. */
export function awsTime(time: Date | number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}

function element(name: string, value: XmlValue): string {
  if (value === undefined) return '';
  return `<${name}>${content(value)}</${name}>`;
}

function content(value: XmlValue): string {
  if (Array.isArray(value)) return value.map((item) => element('member', item)).join('');
  if (value instanceof Date) return awsTime(value);
  if (typeof value === 'object')
    return Object.entries(value)
      .map(([name, item]) => element(name, item))
      .join('');
  return escapeText(String(value));
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeText(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
    .replace(/\r/g, '&#xD;')
    .replace(/[^\t\n\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD');
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > MAX_BODY_BYTES) throw new AwsError('RequestEntityTooLarge', 'Request entity too large');
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}
