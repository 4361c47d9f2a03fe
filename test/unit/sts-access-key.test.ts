import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSts } from '../../service/aws/sts.js';

const key = {
  accessKeyId: 'ASIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  sessionToken: 'CANARYTOKENCANARYTOKEN',
};

let server: Server;
let failure: [status: number, code: string, message: string];
beforeAll(async () => {
  server = createServer((_request, response) => {
    const [status, code, message] = failure;
    response.writeHead(status, { 'content-type': 'text/xml', 'x-amzn-requestid': 'req-1' });
    response.end(
      `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>req-1</RequestId></ErrorResponse>`,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => server.close());

// Content of SignatureDoesNotMatch: the whole request, as it would have signed it.
const canonical = `The Canonical String for this request should have been 'x-amz-security-token:${key.sessionToken}'`;

test.each<[number, string, string, string, string]>([
  [
    403,
    'InvalidClientTokenId',
    'The security token included in the request is invalid.',
    'denied',
    'key_unknown',
  ],
  [403, 'UnrecognizedClientException', 'The security token is invalid.', 'denied', 'key_unknown'],
  [403, 'OptInRequired', 'You are not subscribed to this service.', 'denied', 'key_unknown'],
  [403, 'SignatureDoesNotMatch', `It does not match. ${canonical}`, 'denied', 'secret_wrong'],
  [403, 'ExpiredToken', 'The security token included in the request is expired', 'denied', 'key_expired'],
  [403, 'ExpiredTokenException', 'expired', 'denied', 'key_expired'],
  [403, 'RegionDisabledException', 'STS is not activated in this region', 'denied', 'region_disabled'],
  [
    403,
    'SignatureDoesNotMatch',
    'Signature expired: 20261124T080000Z is now earlier than 20261124T084500Z',
    'inconclusive',
    'clock_off',
  ],
  [403, 'SignatureDoesNotMatch', 'Signature not yet current: 20261124T090000Z', 'inconclusive', 'clock_off'],
  [400, 'RequestExpired', 'Request has expired.', 'inconclusive', 'clock_off'],
  [403, 'AccessDenied', 'explicit deny in a VPC endpoint policy', 'inconclusive', 'denied_on_the_way'],
  [400, 'Throttling', 'Rate exceeded', 'inconclusive', 'throttled'],
  [503, 'ServiceUnavailable', 'later', 'inconclusive', 'server_error'],
  [400, 'SomethingNew', 'what happened', 'inconclusive', 'malformed'],
])("%s %s (%s) about a customer's key is %s: %s", async (status, code, message, outcome, reason) => {
  failure = [status, code, message];
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const sts = createSts({ partitions: { aws: { endpoint } }, timeoutMs: 30_000 });
  const answer = await sts.accessKeyIdentity('aws', key);
  expect(answer).toMatchObject({ outcome, reason, requestId: 'req-1' });
  for (const secret of Object.values(key)) expect(JSON.stringify(answer)).not.toContain(secret);
});
