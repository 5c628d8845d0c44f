// Compares the published schemas with those of the last release: each change by which a client
// may break must be told in the changelog, by the name of what it is about.
import { readFileSync } from 'node:fs'
import { CriticalityLevel, diff } from '@graphql-inspector/core'
import { buildSchema } from 'graphql'

/** The text of the changelog about what is not released yet. */
export function unreleased(changelog) {
  const from = changelog.indexOf('\n## Unreleased')
  if (from < 0) return ''
  const rest = changelog.slice(from + 1)
  const end = rest.indexOf('\n## ')
  return end < 0 ? rest : rest.slice(0, end)
}

/** Whether a text names what a change is about: `Type.field`, or the type. */
export function tells(text, path) {
  const steps = path.split('.')
  const quoted = (name) => text.includes('`' + name + '`') || text.includes('`' + name + ':') || text.includes('`' + name + '(')
  return steps.length < 2 ? quoted(path) : quoted(steps.slice(0, 2).join('.'))
}

/** The breaking changes between two schemas, and those of them that a text does not tell. */
export async function compare(before, after, text) {
  const changes = await diff(buildSchema(before), buildSchema(after))
  const breaking = changes.filter((c) => c.criticality.level === CriticalityLevel.Breaking)
  return { breaking, untold: breaking.filter((c) => !tells(text, c.path ?? '')) }
}

const files = ['schema.graphql', 'schema.portal.graphql', 'schema.approver.graphql', 'schema.public.graphql']

async function main(root) {
  const read = (path) => readFileSync(new URL(path, root), 'utf8')
  const text = unreleased(read('CHANGELOG.md'))
  let failed = false
  for (const file of files) {
    const { breaking, untold } = await compare(read('tools/contract/released/' + file), read(file), text)
    console.log(`${file}: ${breaking.length} breaking changes since the last release`)
    for (const change of untold) {
      failed = true
      console.error(`${file}: ${change.message}. Tell it in CHANGELOG.md under "Unreleased", as \`${change.path}\`.`)
    }
  }
  process.exitCode = failed ? 1 : 0
}

if (import.meta.url === 'file://' + process.argv[1]) await main(new URL('../../', import.meta.url))
