import { ensureUser, type User } from './accounts.js';
import { AwsError } from './aws-error.js';
import { type Action, type Call, page, readPath, tagActions, tagList, tagsIn } from './call.js';
import { NAME } from './parameters.js';
import type { XmlValue } from './query-protocol.js';

const USER_NAME = { min: 1, max: 64, pattern: NAME };

/** The actions on users, their access keys, and the account itself. */
export const userActions: Record<string, Action> = {
  CreateUser(call) {
    const name = call.params.required('UserName', USER_NAME);
    if (call.account.users.has(name.toLowerCase()))
      throw new AwsError('EntityAlreadyExists', `User with name ${name} already exists.`);
    const parts = { path: readPath(call), tags: tagsIn(call) };
    return { User: userXml(ensureUser(call.account, name, call.now, parts)) };
  },

  GetUser(call) {
    if (call.params.optional('UserName') !== undefined) return { User: userXml(findUser(call)) };
    if (call.caller.session?.kind === 'role')
      throw new AwsError('ValidationError', 'Must specify userName when calling with non-User credentials');
    if (call.caller.userName !== undefined) return { User: userXml(findUser(call)) };
    const { accountId } = call.account;
    return {
      User: { UserId: accountId, Arn: call.caller.arn, CreateDate: new Date(call.account.createdAt) },
    };
  },

  DeleteUser(call) {
    const user = findUser(call);
    if (call.accounts.keysOfUser(call.account, user.name).length > 0)
      throw new AwsError('DeleteConflict', 'Cannot delete entity, must delete access keys first.');
    if (user.attachedPolicyArns.size > 0 || user.inlinePolicies.size > 0)
      throw new AwsError('DeleteConflict', 'Cannot delete entity, must delete policies first.');
    call.account.users.delete(user.name.toLowerCase());
    return undefined;
  },

  ...tagActions('User', findUser),

  CreateAccessKey(call) {
    const user = findUser(call);
    if (call.accounts.keysOfUser(call.account, user.name).length >= 2)
      throw new AwsError('LimitExceeded', 'Cannot exceed quota for AccessKeysPerUser: 2');
    const key = call.accounts.issueUserKey(call.account, user);
    return {
      AccessKey: {
        UserName: user.name,
        AccessKeyId: key.accessKeyId,
        Status: 'Active',
        SecretAccessKey: key.secretAccessKey,
        CreateDate: new Date(call.now),
      },
    };
  },

  ListAccessKeys(call) {
    const user = findUser(call);
    const keys = call.accounts
      .keysOfUser(call.account, user.name)
      .map((id) => ({ UserName: user.name, AccessKeyId: id, Status: 'Active' }));
    return page(call, 'AccessKeyMetadata', keys);
  },

  DeleteAccessKey(call) {
    const user = findUser(call);
    const id = call.params.required('AccessKeyId', { min: 16, max: 128, pattern: /^[\w]+$/ });
    if (!call.accounts.revokeUserKey(call.account, user.name, id))
      throw new AwsError('NoSuchEntity', `The Access Key with id ${id} cannot be found.`);
    return undefined;
  },

  ListAccountAliases: (call) =>
    page(call, 'AccountAliases', call.account.alias === undefined ? [] : [call.account.alias]),
};

/** The user that a call names; the caller's own when it names none. */
export function findUser(call: Call): User {
  const name = call.params.optional('UserName', USER_NAME) ?? call.caller.userName ?? '';
  const user = call.account.users.get(name.toLowerCase());
  if (!user) throw new AwsError('NoSuchEntity', `The user with name ${name} cannot be found.`);
  return user;
}

function userXml(user: User): XmlValue {
  return {
    Path: user.path,
    UserName: user.name,
    UserId: user.userId,
    Arn: user.arn,
    CreateDate: new Date(user.createdAt),
    Tags: user.tags.size > 0 ? tagList(user.tags) : undefined,
  };
}
