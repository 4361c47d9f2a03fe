/** The environment of a callback, and the texts of its remedies. */
export interface Place {
  readonly env: NodeJS.ProcessEnv;
  /** The place where you set a variable of the environment. */
  readonly where: string;
  /** The remedy for a missing or wrong secret. */
  readonly secret: string;
  /** The step that sends the callback again. */
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

/** A text with a capital, for the start of a sentence. */
export const sentence = (text: string): string => text.replace(/^./, (letter) => letter.toUpperCase());
