export function ensurePrograms(): void
export function pythonWithSocketIo(): string
