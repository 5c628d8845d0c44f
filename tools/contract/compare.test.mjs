import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ESLint } from 'eslint'
import { compare, unreleased } from './compare.mjs'
import config from './eslint.config.js'

const before = 'type Query { app(id: ID!): App apps: Int } type App { id: ID! name: String! } enum Color { RED BLUE }'

test('what was not changed breaks nobody', async () => {
  assert.deepEqual((await compare(before, before, '')).breaking, [])
})

test('what is added breaks nobody', async () => {
  const after = before.replace('name: String!', 'name: String! note: String')
  assert.deepEqual((await compare(before, after, '')).breaking, [])
})

test('a breaking change must be told by its name', async () => {
  const after = before.replace(' name: String!', '')
  for (const [text, untold] of [['', 1], ['the name of an app', 1], ['`App.names`', 1], ['`App.name`', 0], ['| `App.name: String!` | – |', 0]]) {
    assert.equal((await compare(before, after, text)).untold.length, untold, text)
  }
  assert.equal((await compare(before, before.replace('enum Color { RED BLUE }', ''), '`Color`')).untold.length, 0)
  assert.equal((await compare(before, before.replace('id: ID!)', 'id: ID! other: ID!)'), '`Query.app(other:)`')).untold.length, 0)
})

test('only what is not released yet counts', () => {
  assert.equal(unreleased('# Changelog\n\n## Unreleased\n\n`App.name`\n\n## 1.0\n\n`Query.apps`\n').includes('apps'), false)
  assert.match(unreleased('# Changelog\n\n## Unreleased\n\n`App.name`\n'), /App\.name/)
  assert.equal(unreleased('# Changelog\n\n## 1.0\n\n`App.name`\n'), '')
})

test('the rules of the form find what breaks them', async () => {
  const [{ plugins, rules }] = config
  const graphql = plugins['@graphql-eslint']
  const lint = async (sdl) => {
    const eslint = new ESLint({ overrideConfigFile: true, overrideConfig: [{ files: ['*.graphql'], plugins, rules, languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig: { schema: sdl } } } }] })
    const [{ messages }] = await eslint.lintText(sdl, { filePath: 'x.graphql' })
    return messages.map((m) => m.ruleId?.replace('@graphql-eslint/', ''))
  }
  assert.ok((await lint('"What is read." type Query { apps: Int }')).includes('require-description'))
  assert.ok((await lint('"What is read." type Query { "How many." getApps: Int }')).includes('naming-convention'))
  assert.ok((await lint('"What is read." type Query { "All." apps: AppConnection! } "A page." type AppConnection { "How many." totalCount: Int! }')).includes('relay-connection-types'))
})
