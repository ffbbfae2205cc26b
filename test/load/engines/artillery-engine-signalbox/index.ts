// artillery finds an engine by the name of its package
export { Engine as default } from '../../engine/engine.ts'
