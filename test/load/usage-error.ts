/** Asked in a way that cannot be understood (exit code 2), or it cannot be done (1); the message says all there is. */
export class Mistake extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}
