/** What the examples are made of. The tests put real ones in their place; none of these opens anything. */
export const connectionId = 'con_k7wq2m5xhzr4tavnc3bydfpe';
export const enrollmentId = 'enr_n4tqz6wbk2mxhr7vcd5yapfe';
export const apiKeyId = 'key_q6mzt4xkw2vhc5ra';
export const roleArn = 'arn:aws:iam::210987654321:role/vendor/rolebridge';
/** AWS's own examples. */
export const accessKey = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
