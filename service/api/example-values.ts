/** Values in the examples. None is a credential; tests replace them with real ones. */
export const connectionId = 'con_k7wq2m5xhzr4tavnc3bydfpe';
export const enrollmentId = 'enr_n4tqz6wbk2mxhr7vcd5yapfe';
export const webhookEndpointId = 'whe_c4wqz6tbk2mxhr7vnd5yapfe';
export const apiKeyId = 'key_q6mzt4xkw2vhc5ra';
export const roleArn = 'arn:aws:iam::210987654321:role/vendor/rolebridge';
/** The proof of an account, with a signature of zeros. */
export const callerProof = {
  authorization: `AWS4-HMAC-SHA256 Credential=ASIAIOSFODNN7EXAMPLE/20261124/us-east-1/sts/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-rolebridge-enrollment;x-rolebridge-nonce;x-rolebridge-origin, Signature=${'0'.repeat(64)}`,
  date: '20261124T000000Z',
  nonce: '4f1c2a9b0d7e6f583a1b2c3d4e5f6071',
  securityToken: 'IQoJb3JpZ2luX2VjEXAMPLETOKEN',
};
/** AWS's own example key. */
export const accessKey = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
export const roleId = 'AROAEXAMPLEROLEID000';
export const organizationReference = 'tenant-4711';
