/** Wrong arguments (exit code 2), or a run that cannot start (1). The command prints the message without a stack. */
export class UsageError extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}
