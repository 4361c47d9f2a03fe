/** Where the callback runs: the environment that it obeys, and the words of its remedies. */
export interface Place {
  readonly env: NodeJS.ProcessEnv;
  /** Where a variable of the environment is set. */
  readonly where: string;
  /** How the secret is given. */
  readonly secret: string;
  /** How the callback is sent again. */
  readonly again: string;
}

const SECRET = "to this connection's secret (whsec_...)";

export const terraform = (env: NodeJS.ProcessEnv, isDestroy: boolean): Place => ({
  env,
  where: 'where Terraform runs',
  secret: `Set CONNECT_CALLBACK_SECRET where Terraform runs, ${SECRET}.`,
  again: isDestroy ? 'destroy again' : 'apply again',
});

export const shell = (env: NodeJS.ProcessEnv): Place => ({
  env,
  where: 'in this shell',
  secret: `Set CONNECT_CALLBACK_SECRET in this shell, ${SECRET}.`,
  again: 'run it again',
});

/** A stack of CloudFormation, with the parameter that holds the secret. */
export const stack = (env: NodeJS.ProcessEnv, parameter: 'CallbackSecret' | 'EnrollmentSecret'): Place => ({
  env,
  where: "in the function's environment",
  secret: `Set the parameter ${parameter}, to the secret (whsec_...) that its page showed.`,
  again: 'deploy the stack again',
});

/** At the start of a sentence. */
export const sentence = (text: string): string => text.replace(/^./, (letter) => letter.toUpperCase());
