import type { Sts, StsAnswer } from './ports.js';

export type InconclusiveAnswer = Extract<StsAnswer<object>, { outcome: 'inconclusive' }>;

/** Makes one call to AWS, such as after a wait, or answers without it. */
export type AroundCall = <Answer extends StsAnswer<object, string>>(
  name: string,
  call: () => Promise<Answer>,
) => Promise<Answer | InconclusiveAnswer>;

/** The same port, whose every call goes through `around`, with the name of AWS's operation. */
export const aroundEachCall = (sts: Sts, around: AroundCall): Sts => ({
  assumeRole: (request) => around('AssumeRole', () => sts.assumeRole(request)),
  readRole: (...given) => around('GetRole', () => sts.readRole(...given)),
  accountAlias: (...given) => around('ListAccountAliases', () => sts.accountAlias(...given)),
  simulate: (...given) => around('SimulatePrincipalPolicy', () => sts.simulate(...given)),
  callerIdentity: (...given) => around('GetCallerIdentity', () => sts.callerIdentity(...given)),
  accessKeyIdentity: (...given) => around('GetCallerIdentity', () => sts.accessKeyIdentity(...given)),
  signerIdentity: (...given) => around('GetCallerIdentity', () => sts.signerIdentity(...given)),
});
