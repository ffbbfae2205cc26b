import { describeConfig } from '../../config/describe.ts'
import { readConfig } from '../../config/index.ts'
import { type Command, readArgs } from '../command.ts'
import { tableOf } from '../table.ts'

export const config: Command = {
  usage: '',
  summary: 'prints every option: its name, the value in force (secrets masked), its default and its meaning',
  async run(args, { environment, print, warn }) {
    readArgs(args, {})
    for (const warning of readConfig(environment).warnings) warn(warning)
    const rows = describeConfig(environment).map((row) => ({ ...row, value: row.value || '–' }))
    for (const line of tableOf(rows, ['name', 'value', 'default', 'meaning'])) print(line)
  },
}
